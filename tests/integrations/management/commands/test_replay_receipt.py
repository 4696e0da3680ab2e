"""manage.py replay_receipt."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from jobs.lifecycle.intake import accept
from jobs.models import Job
from tests.jobs.conftest import a_rule, an_event

pytestmark = pytest.mark.django_db


def test_each_receipt_is_replayed_and_told_of() -> None:
    numbers = [accept(an_event(external_id=f"contact:{n}"), []).receipt.pk for n in range(2)]
    a_rule("contact")
    for word in ("opened job", "had opened before job"):
        out = StringIO()
        call_command("replay_receipt", *map(str, numbers), stdout=out)
        assert out.getvalue().count(word) == 2
    assert Job.objects.count() == 2
    assert set(Job.objects.values_list("created_by", flat=True)) == {"command line"}


def test_what_meets_no_rule_is_no_failure() -> None:
    out = StringIO()
    call_command("replay_receipt", str(accept(an_event(), []).receipt.pk), stdout=out)
    assert "meets no rule" in out.getvalue()


def test_what_cannot_be_replayed_fails_and_keeps_no_other_from_it() -> None:
    test = accept(an_event(is_test=True), []).receipt.pk
    good = accept(an_event(external_id="contact:2"), []).receipt.pk
    a_rule("contact")
    out = StringIO()
    with pytest.raises(CommandError, match=f"Not replayed: 999999, {test}"):
        call_command("replay_receipt", "999999", str(test), str(good), stdout=out)
    assert Job.objects.count() == 1
    assert "a test" in out.getvalue()
