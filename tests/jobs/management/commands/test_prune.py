"""manage.py prune."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from jobs.models import Process


@pytest.mark.django_db
def test_it_forgets_processes_long_gone() -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    Process.objects.create(
        cluster="agents", host="h", pid=1, pid_started="1", heartbeat_at=long_ago, progress_at=long_ago
    )
    out = StringIO()
    call_command("prune", stdout=out)
    assert out.getvalue() == "Pruned.\n"
    assert not Process.objects.exists()
