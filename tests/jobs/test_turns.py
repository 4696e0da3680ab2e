"""Turns between clients: who has much to do waits no other out."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import queue, turns
from jobs.lifecycle import notice
from jobs.models import Breaker, Client, Delivery, Job, Run, Task

pytestmark = pytest.mark.django_db


def a_client(name: str) -> Client:
    return Client.objects.create(name=name, slug=name.lower())


def work_for(client: Client | None, *, tasks: int = 0, plans: int = 0, priority: int = 2, age: float = 60) -> None:
    """So many tasks that are ready, each in a job of its own, and so many jobs to be planned."""
    ready_at = timezone.now() - timedelta(seconds=age)
    common = {"client": client, "priority": priority, "ready_at": ready_at}
    jobs = [
        Job(title="x", brief="x", budget_microusd=1, **common, state="in_progress" if n < tasks else "pending")
        for n in range(tasks + plans)
    ]
    made = Job.objects.bulk_create(jobs)[:tasks]
    Task.objects.bulk_create(
        Task(job=job, position=1, agent="drafting", title="x", state="pending", **common) for job in made
    )


def served(most: int, priority: int = 2) -> list[str]:
    """Whose work was claimed, in this order."""
    runs: list[Run] = []
    while len(runs) < most and (run := queue.claim_run(priority)):
        runs.append(run)
    return [run.job.client.name if run.job.client else "nobody" for run in runs]


def test_one_loud_client_with_500_tasks_waits_no_other_out() -> None:
    loud, quiet, small = a_client("Loud"), a_client("Quiet"), a_client("Small")
    work_for(loud, tasks=500, age=3_600)
    work_for(quiet, tasks=2)
    work_for(small, plans=1, age=1)
    work_for(None, tasks=1, age=1)
    first = served(7)
    assert first == ["nobody", "Loud", "Quiet", "Small", "Loud", "Quiet", "Loud"]
    # Alone again it has every turn.
    assert served(3) == ["Loud"] * 3


def test_urgent_work_goes_before_any_turn() -> None:
    loud, quiet = a_client("Loud"), a_client("Quiet")
    work_for(quiet, tasks=3, priority=2, age=3_600)
    work_for(loud, tasks=3, priority=1)
    assert served(4) == ["Loud", "Loud", "Loud", "Quiet"]


def test_of_one_client_the_oldest_comes_first_and_what_was_begun_before_what_has_to_be_planned() -> None:
    client = a_client("Lume")
    work_for(client, plans=1, age=3_600)
    work_for(client, tasks=1, age=10)
    work_for(client, tasks=1, age=20)
    ages = [run.task.ready_at if run.task else None for run in iter(queue.claim_run, None)]
    assert ages[2] is None
    assert ages[:2] == sorted(filter(None, ages))


def test_who_has_nothing_ready_is_passed_over() -> None:
    for number in range(40):
        work_for(a_client(f"Later {number}"), tasks=1, plans=1, age=-3_600)
    work_for(a_client("Now"), tasks=1)
    assert served(5) == ["Now"]
    assert not turns.is_anything_ready(turns.WORK, 2, queue._now())


def test_looking_whether_anything_is_ready_takes_nobodys_turn() -> None:
    work_for(a_client("First"), tasks=2)
    work_for(a_client("Second"), tasks=1)
    assert queue.due("agents")
    assert queue.due("agents")
    assert served(3) == ["First", "Second", "First"]


def test_a_turn_costs_one_read_and_one_claim_however_many_wait() -> None:
    work_for(a_client("Loud"), tasks=300)
    with CaptureQueriesContext(connection) as captured:
        assert queue.claim_run(1) is None
        assert len(captured) == 1
        assert queue.claim_run()
    assert sum("FROM jobs_task" in query["sql"] and "UPDATE" in query["sql"] for query in captured) == 1


def test_where_another_process_was_faster_the_next_client_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    work_for(a_client("Gone"), tasks=1)
    work_for(a_client("Here"), tasks=1)
    look = turns.take

    def faster(ring: turns.Ring, priority: int, now: str) -> turns.Turn | None:
        turn = look(ring, priority, now)
        Task.objects.filter(client__name="Gone").update(ready_at=timezone.now() + timedelta(hours=1))
        return turn

    monkeypatch.setattr(turns, "take", faster)
    assert served(3) == ["Here"]


def effects_for(client: Client | None, number: int, *, target: str = "folder", age: float = 60) -> None:
    """So many deliveries that are due."""
    ready_at = timezone.now() - timedelta(seconds=age)
    job = Job.objects.create(title="x", brief="x", budget_microusd=1, client=client, ready_at=ready_at)
    task = Task.objects.create(job=job, position=1, agent="drafting", title="x", priority=2, ready_at=ready_at)
    common = {
        "job": job,
        "task": task,
        "client": client,
        "target": target,
        "kind": "document",
        "ready_at": ready_at,
    }
    Delivery.objects.bulk_create(Delivery(key=f"{job.uid}:{count}", **common) for count in range(number))


def sent(most: int) -> list[str]:
    """Whose deliveries were claimed, in this order."""
    taken: list[Delivery] = []
    while len(taken) < most and (delivery := queue.claim_delivery()):
        taken.append(delivery)
    return [one.client.name if one.client else "nobody" for one in taken]


def test_a_thousand_deliveries_of_one_client_wait_no_other_out() -> None:
    loud, quiet = a_client("Loud"), a_client("Quiet")
    effects_for(loud, 1_000, age=3_600)
    effects_for(quiet, 2, age=1)
    effects_for(None, 1, age=1)
    assert sent(6) == ["nobody", "Loud", "Quiet", "Loud", "Quiet", "Loud"]


def test_work_and_effects_go_round_by_themselves() -> None:
    first, second = a_client("First"), a_client("Second")
    for client in (first, second):
        work_for(client, tasks=2)
        effects_for(client, 2)
    assert [served(1), sent(1), served(1), sent(1)] == [["First"], ["First"], ["Second"], ["Second"]]


def test_who_sends_only_to_a_target_in_peace_has_no_turn_and_its_other_targets_go_on() -> None:
    effects_for(a_client("Waits"), 3, target="notion", age=3_600)
    both = a_client("Both")
    effects_for(both, 2, target="notion", age=3_600)
    effects_for(both, 2)
    Breaker.objects.create(target="notion", failures=5, until=timezone.now() + timedelta(minutes=5))
    assert sent(5) == ["Both", "Both"]
    assert not queue.due("deliveries")


def test_a_notice_takes_the_turn_of_the_client_that_it_tells_of() -> None:
    client = a_client("Lume")
    work_for(client, tasks=1)
    job = Job.objects.get()
    assert notice.enter("slack", key="a", job_id=job.pk).client == client
    assert notice.enter("slack", key="b").client is None


def test_a_turn_of_deliveries_costs_one_read_and_the_claim_however_many_wait() -> None:
    effects_for(a_client("Loud"), 1)
    with CaptureQueriesContext(connection) as few:
        assert queue.claim_delivery()
    effects_for(a_client("Loud 2"), 300)
    with CaptureQueriesContext(connection) as many:
        assert queue.claim_delivery()
    assert len(few) == len(many)
    assert (
        sum("FROM jobs_delivery" in query["sql"] for query in many) == 2 + 1
    )  # turn of each priority, then the claim
