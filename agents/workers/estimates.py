"""What a plan will cost, before it spends: as the last tasks of its agents did, else by what they usually take."""

import statistics
from collections.abc import Callable, Iterable

from django.db.models import Sum
from django.utils import timezone

from agents import registry
from agents.contracts import Typical, Usage
from agents.llm import pricing
from jobs.models import Task
from jobs.states import TaskState

_HISTORY = 20
_ENOUGH = 3


def estimate(agents: Iterable[str], model_for: Callable[[str], str]) -> int | None:
    """Micro-USD for one task of each of these agents; None where a model has no known price and no history."""
    total = 0
    for agent in agents:
        cost = _of_one(agent, model_for(agent))
        if cost is None:
            return None
        total += cost
    return total


def _of_one(agent: str, model: str) -> int | None:
    # The model that answers may call itself by a dated name.
    by = {"runs__model__startswith": model, "runs__cost_unknown": False}
    done = Task.objects.filter(agent=agent, state=TaskState.COMPLETED, **by)
    priced = done.annotate(cost=Sum("runs__cost_microusd")).order_by("-id")
    costs = list(priced.values_list("cost", flat=True)[:_HISTORY])
    if len(costs) >= _ENOUGH:
        return int(statistics.median(costs))
    usual: Typical = getattr(registry.load(agent), "typical", Typical())
    # The first call writes the prompt to the cache, the others read it there.
    usage = Usage(
        cache_write_5m_tokens=usual.prompt_tokens,
        cache_read_tokens=usual.prompt_tokens * (usual.calls - 1),
        output_tokens=usual.output_tokens,
    )
    return pricing.cost(model, usage, timezone.now())
