"""What an archive says of itself."""

import pytest
from django.utils import timezone
from pydantic import ValidationError

from jobs.backups.manifest import Manifest


def test_artifacts_are_named_by_their_digests() -> None:
    members = {"database/jobs_job.copy": "1", f"artifacts/{'a' * 64}": "a" * 64, "secret_key": "2"}
    made = Manifest(made_at=timezone.now(), vendor="sqlite", migrations=[], rows={}, members=members)
    assert made.artifacts == ["a" * 64]
    assert Manifest.model_validate_json(made.model_dump_json()) == made


def test_what_it_does_not_know_is_refused() -> None:
    with pytest.raises(ValidationError):
        Manifest.model_validate({"made_at": timezone.now(), "vendor": "x", "migrations": [], "rows": {}, "new": 1})
