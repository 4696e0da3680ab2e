"""An event that comes while nobody can write: kept in a file, taken in once, in order, whatever dies between."""

import datetime
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from jobs import spool
from jobs.lifecycle import arrival, intake
from jobs.lifecycle.arrival import Arrival
from jobs.lifecycle.artifact import RECEIVED, File
from jobs.lifecycle.feedback import News
from jobs.lifecycle.intake import Accepted, Inbound
from jobs.lifecycle.returned import Returned
from jobs.models import Job, Receipt, Review, Trigger
from jobs.states import Outcome
from jobs.workers import sweep
from tests.jobs.conftest import a_rule, held, together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="with many writers nothing waits"),
]


@pytest.fixture
def rule() -> Trigger:
    return a_rule("bench", source="standard", brief_template="{text}")


def event(number: int = 1, *rules: Trigger, **changes: Any) -> Arrival:
    known = {"source": "standard", "kind": "event", "body": b"raw", "data": {"text": f"Note {number}."}}
    return Arrival(Inbound(**{**known, "external_id": f"bench:{number}", **changes}), rules)


def kept(*arrivals: Arrival) -> list[arrival.Waiting]:
    """What is said to these events while another process writes: each waits."""
    with held():
        said = [arrival.receive(one) for one in arrivals]
    waiting = [one for one in said if isinstance(one, arrival.Waiting)]
    assert len(waiting) == len(arrivals)
    assert not Receipt.objects.exists()
    return waiting


def test_an_event_that_finds_the_database_free_is_a_receipt_at_once(rule: Trigger) -> None:
    assert isinstance(arrival.receive(event(1, rule)), Accepted)
    assert spool.is_empty()


def test_one_that_waited_is_a_receipt_with_all_that_came_and_the_time_at_which_it_came(rule: Trigger) -> None:
    before = datetime.datetime.now(datetime.UTC)
    file = File(RECEIVED, "a.txt", "text/plain", b"the file")
    kept(event(1, rule, files=[file], headers={"user-agent": "x"}, sender="me", summary="A note", address="bench"))
    after = datetime.datetime.now(datetime.UTC)
    assert arrival.take_in()
    receipt = Receipt.objects.get()
    assert before <= receipt.received_at <= after
    assert (bytes(receipt.body), receipt.headers, receipt.sender) == (b"raw", {"user-agent": "x"}, "me")
    assert (receipt.summary, receipt.address, receipt.outcome) == ("A note", "bench", Outcome.OPENED)
    assert [(one.name, one.tainted) for one in receipt.artifacts.all()] == [("a.txt", True)]
    assert Job.objects.get().brief == "Note 1."
    assert spool.is_empty()


def test_the_next_event_takes_in_what_waits_before_itself(rule: Trigger) -> None:
    kept(*(event(number, rule) for number in range(5)))
    arrival.receive(event(5, rule))
    rows = Receipt.objects.order_by("id")
    assert [row.external_id for row in rows] == [f"bench:{number}" for number in range(6)]
    assert [row.received_at for row in rows] == sorted(row.received_at for row in rows)


def test_who_comes_while_others_wait_does_not_overtake_them(rule: Trigger, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(event(1, rule))
    monkeypatch.setattr(arrival, "_take_in", lambda **_: False)
    assert isinstance(arrival.receive(event(2, rule)), arrival.Waiting)
    monkeypatch.undo()
    arrival.take_in()
    assert [row.external_id for row in Receipt.objects.order_by("id")] == ["bench:1", "bench:2"]


def test_the_sweep_takes_in_what_waits(rule: Trigger) -> None:
    kept(event(1, rule))
    with held():
        assert not arrival.take_in(patience=0.0)
    sweep()
    assert (Receipt.objects.count(), spool.is_empty()) == (1, True)


def test_many_that_take_in_at_once_make_one_receipt_each(rule: Trigger) -> None:
    kept(*(event(number, rule) for number in range(8)))
    assert together(6, lambda: arrival.take_in(patience=20.0)) == [True] * 6
    assert (Receipt.objects.count(), Job.objects.count()) == (8, 8)


def test_two_processes_that_take_in_the_same_one_make_one_receipt(rule: Trigger) -> None:
    kept(event(1, rule))
    (path,) = spool.waiting()
    copied = path.read_bytes()
    arrival.take_in()
    path.write_bytes(copied)
    assert arrival.take_in()
    assert (Receipt.objects.count(), Job.objects.count(), spool.is_empty()) == (1, 1, True)


def test_a_repeat_of_what_is_known_or_waits_is_no_second_one(rule: Trigger) -> None:
    arrival.receive(event(1, rule))
    with held():
        again = arrival.receive(event(1, rule))
        for _ in range(2):
            assert isinstance(arrival.receive(event(2, rule)), arrival.Waiting)
    assert isinstance(again, Accepted)
    assert not again.is_new
    arrival.take_in()
    assert Receipt.objects.count() == 2


def test_a_rule_that_was_switched_off_meanwhile_opens_nothing_and_the_event_is_kept(rule: Trigger) -> None:
    other = a_rule("gone", source="standard", brief_template="{text}")
    kept(event(1, rule, other))
    Trigger.objects.filter(pk=rule.pk).update(enabled=False)
    Trigger.objects.filter(pk=other.pk).delete()
    arrival.take_in()
    assert (Receipt.objects.get().outcome, Job.objects.count()) == (Outcome.UNMATCHED, 0)


def test_why_rules_were_not_asked_is_kept_too(rule: Trigger) -> None:
    kept(replace(event(1), problems={intake.EVERY_RULE: "It is a loop."}))
    arrival.take_in()
    assert Receipt.objects.get().problems == {intake.EVERY_RULE: "It is a loop."}


@pytest.mark.parametrize(
    "follow",
    [
        Returned("<a@b.example>", "", "marta@example.com", "no such user"),
        News("check", "https://hub.example/acme/hub", branch="agent/x", result="success"),
    ],
    ids=["a mail that came back", "news of a branch"],
)
def test_what_else_it_means_comes_with_its_receipt(
    follow: Returned | News, rule: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr("jobs.lifecycle.returned.take", lambda one, *, by: heard.append((one, by)))
    monkeypatch.setattr("jobs.lifecycle.feedback.take", lambda one, *, source: heard.append((one, source)))
    kept(replace(event(1, rule), follow=follow))
    assert heard == []
    arrival.take_in()
    arrival.receive(replace(event(1, rule), follow=follow))
    assert heard == [(follow, "standard")]


@pytest.mark.parametrize("changes", [{"is_test": True}, {"token": "t"}], ids=["a test", "a proof for one event"])
def test_some_events_wait_for_their_receipt(changes: dict[str, Any], rule: Trigger) -> None:
    with held(), connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(OperationalError, match="locked"):
            arrival.receive(event(1, rule, **changes))
    connection.close()
    assert spool.is_empty()


@pytest.mark.parametrize("why", ["full", "not writable"])
def test_a_spool_that_takes_nothing_leaves_the_sender_waiting(
    why: str, rule: Trigger, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(spool, "MOST_FILES", 0 if why == "full" else 9)
    if why == "not writable":
        settings.SPOOL = tmp_path / "file" / "spool"
        (tmp_path / "file").write_bytes(b"")
        monkeypatch.setattr(spool, "is_empty", lambda: True)
    with held(), connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(OperationalError, match="locked"):
            arrival.receive(event(1, rule))
    connection.close()


def test_files_that_cannot_be_stored_keep_no_other_event(rule: Trigger, monkeypatch: pytest.MonkeyPatch) -> None:
    accept = intake.accept

    def storing_fails(inbound: Inbound, *arguments: Any, **known: Any) -> Accepted:
        if inbound.external_id == "bench:1":
            raise intake.NotStored("the bucket is away")
        return accept(inbound, *arguments, **known)

    kept(event(1, rule), event(2, rule))
    monkeypatch.setattr(intake, "accept", storing_fails)
    arrival.take_in()
    assert [row.external_id for row in Receipt.objects.all()] == ["bench:2"]
    monkeypatch.undo()
    assert arrival.take_in()
    assert Receipt.objects.count() == 2


def test_one_that_cannot_be_read_raises_one_item_is_kept_and_keeps_no_other(rule: Trigger) -> None:
    kept(event(1, rule), event(2, rule))
    path = spool.waiting()[0]
    spoilt = path.read_bytes()[:-1]
    path.write_bytes(spoilt)
    for _ in range(2):
        assert arrival.take_in()
    assert [row.external_id for row in Receipt.objects.all()] == ["bench:2"]
    item = Review.objects.get()
    assert "cannot be taken in" in item.title
    assert str(spool.set_aside_name(path)) in item.payload["fix"]
    assert spool.set_aside_name(path).read_bytes() == spoilt


def test_the_item_is_raised_once_though_a_process_dies_before_the_file_is_set_aside(
    rule: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(event(1, rule))
    spool.waiting()[0].write_bytes(b"")
    monkeypatch.setattr(spool, "set_aside", lambda path: None)
    arrival._take(spool.waiting()[0], patience=1.0)
    monkeypatch.undo()
    arrival.take_in()
    assert Review.objects.count() == 1


# What dies, before or after it was done, while an event is put into the spool: whether it was kept then.
PUTTING = {
    "before the bytes are on the disk": (os, "fsync", False, False),
    "before the rename": (Path, "rename", False, False),
    "after the rename": (Path, "rename", True, True),
    "before the folder is on the disk": (spool, "_sync", False, True),
    "before the answer": (spool, "_sync", True, True),
}
TAKING_IN = {
    "before it is read": (spool, "read", False),
    "before its receipt": (intake, "accept", False),
    "after its receipt": (intake, "accept", True),
    "before the file is removed": (spool, "remove", False),
    "after the file is removed": (spool, "remove", True),
}


@pytest.mark.parametrize("moment", PUTTING)
def test_killed_while_it_is_kept_it_is_there_or_was_not_acknowledged(moment: str, rule: Trigger) -> None:
    owner, name, after, is_there = PUTTING[moment]
    with held():
        killed(owner, name, lambda: arrival.receive(event(1, rule)), after=after)
    assert spool.is_empty() is not is_there
    # Nobody was told that it is kept: its sender sends it again.
    arrival.receive(event(1, rule))
    arrival.take_in()
    assert (Receipt.objects.count(), Job.objects.count(), spool.is_empty()) == (1, 1, True)


@pytest.mark.parametrize("moment", TAKING_IN)
def test_killed_while_it_is_taken_in_it_is_one_receipt_and_one_job(moment: str, rule: Trigger) -> None:
    owner, name, after = TAKING_IN[moment]
    kept(event(1, rule))
    killed(owner, name, arrival.take_in, after=after)
    assert arrival.take_in()
    assert (Receipt.objects.count(), Job.objects.count(), spool.is_empty()) == (1, 1, True)


def killed(owner: Any, name: str, act: Callable[[], object], *, after: bool) -> None:
    """Do it in a process that is killed by -9 before, or after, it calls this."""
    connections.close_all()
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        return
    real = getattr(owner, name)

    def deadly(*arguments: Any, **known: Any) -> None:
        if after:
            real(*arguments, **known)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, deadly)
    try:
        act()
    finally:
        os._exit(1)
