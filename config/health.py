"""Whether this installation can serve: for a proxy, an orchestrator of containers, and the supervisor."""

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from config.watch import ClusterWatch, Finding

# What the last look saw is kept, so that work which has only just come is not taken for work that nobody takes.
_WATCHES = {name: ClusterWatch(name, everywhere=True) for name in settings.WORKERS}


def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and no cluster lets due work lie, else 503 with which. No more for strangers.

    An idle cluster is well: only due work without any progress for some looks shows that nobody is there.
    """
    try:
        found = {name: watch.look() for name, watch in _WATCHES.items()}
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    stalled = [name for name, finding in found.items() if finding == Finding.STALLED]
    if stalled:
        return JsonResponse({"status": "no workers", "clusters": stalled}, status=503)
    return JsonResponse({"status": "ok"})
