"""What django-q2 is told: the clusters, the workers they may call, the schedules. The one list."""

from datetime import timedelta
from typing import Any

# Lower floors name what they wake by cluster; the dotted path is known here alone.
WORKERS: dict[str, str] = {
    "agents": "agents.workers.work",
    "deliveries": "integrations.workers.work",
}

# Looks at what its cluster can reach; the set-up page has it called.
CHECKUPS = "config.checkups.run"

# One call of a worker goes on for as long as there is work: all night and longer. What hangs is found by leases and
# by the supervisor; these limits would kill the whole process with everything in it.
_TIMEOUT_SECONDS = 30 * 86_400
_RETRY_SECONDS = _TIMEOUT_SECONDS + 300


def q_cluster(*, redis_url: str) -> dict[str, Any]:
    """Q_CLUSTER for the ORM broker, or for Redis when there is an address."""
    shared: dict[str, Any] = {
        "label": "Queue internals",
        "workers": 1,
        "queue_limit": 2,
        "bulk": 1,
        "poll": 0.1,
        "timeout": _TIMEOUT_SECONDS,
        "retry": _RETRY_SECONDS,
        "max_attempts": 1,
        "ack_failures": True,
        "catch_up": False,
        "save_limit": -1,
        "recycle": 100_000,
        **({"redis": redis_url} if redis_url else {"orm": "default"}),
    }
    # Every cluster shares `name`, which salts the signature of messages; they differ in `cluster_name`.
    return {
        "name": "nightdesk",
        **shared,
        "ALT_CLUSTERS": {name: {**shared, "cluster_name": name} for name in WORKERS},
    }


def schedules(*, orchestrate_every: timedelta) -> dict[str, dict[str, Any]]:
    """Schedule name -> worker function, cluster and minutes between calls (django-q2 knows whole minutes)."""
    return {
        "orchestrate": {
            "func": "jobs.workers.cycle",
            "cluster": "agents",
            "minutes": max(1, int(orchestrate_every.total_seconds() // 60)),
        },
        "batches": {"func": "agents.workers.tend_batches", "cluster": "agents", "minutes": 5},
        "sweep": {"func": "jobs.workers.sweep", "cluster": "deliveries", "minutes": 1},
        "slots": {"func": "jobs.workers.open_due_slots", "cluster": "deliveries", "minutes": 1},
        "mailbox": {"func": "integrations.polling.poll", "cluster": "deliveries", "minutes": 1},
        "gaps": {"func": "integrations.gaps.find", "cluster": "deliveries", "minutes": 15},
        "digest": {"func": "jobs.workers.digest", "cluster": "deliveries", "minutes": 1},
        # After every start too: what a crash or a restored backup left behind is found before the day begins.
        "reconcile": {
            "func": "integrations.reconciler.look",
            "cluster": "deliveries",
            "minutes": 60,
            "at_start": True,
        },
        **{
            f"checkups-{cluster}": {"func": CHECKUPS, "cluster": cluster, "minutes": 60, "at_start": True}
            for cluster in WORKERS
        },
        "decisions": {"func": "integrations.decisions.look", "cluster": "deliveries", "minutes": 1},
        "backup": {"func": "jobs.workers.backup", "cluster": "deliveries", "minutes": 60},
        "prune": {"func": "jobs.workers.prune", "cluster": "deliveries", "minutes": 60},
    }
