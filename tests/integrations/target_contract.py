"""What every Target has to keep. A provider's test subclasses TargetContract and says where effects are seen."""

import contextlib
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from integrations.contracts import (
    CannotTell,
    DeliveryError,
    Landed,
    Listing,
    OutcomeUnknown,
    OutFile,
    Outgoing,
    Target,
)

CREATED = datetime(2026, 11, 23, 23, 45, tzinfo=UTC)


def out_file(content: bytes = b"# Menu\n\nWarm soup.\n", name: str = "menu.md", **changes: Any) -> OutFile:
    """A file as a delivery brings it."""
    columns = {"kind": "draft", "media_type": "text/markdown", "sha256": hashlib.sha256(content).hexdigest()}
    return OutFile(**{**columns, **changes}, name=name, content=content)


class OnThisMachine:
    """Before TargetContract: nothing lies between target and world, so no answer is lost, and none put off."""

    def lose_the_next_answer(self) -> bool:
        return False

    def ask_for_a_pause(self, seconds: int) -> bool:
        return False


class TargetContract:
    """Once, found again, refused clearly."""

    kind: Literal["document", "brief", "branch", "client_message", "notice"]
    fields: dict[str, Any] = {}
    can_be_asked = True  # whether an effect can be looked up; where not, to make it again has to be harmless
    knows_its_keys: bool = True  # else it sends whatever it gets, and is asked before anything is sent again
    folder: Path

    @pytest.fixture(autouse=True)
    def world(self, tmp_path: Path) -> None:
        """Each test has a world of its own at self.folder."""
        self.folder = tmp_path

    def make(self) -> Target:
        """A new instance of the target over the same world, as another process would make it."""
        raise NotImplementedError

    def effects(self) -> int:
        """How many effects there are in the world."""
        raise NotImplementedError

    def refused_for_good(self) -> tuple[Target, Outgoing]:
        """A target and an effect that it can never make."""
        raise NotImplementedError

    def lose_the_next_answer(self) -> bool:
        """Have the world make the next effect and keep the answer to itself; False where nothing can be lost."""
        raise NotImplementedError

    def ask_for_a_pause(self, seconds: int) -> bool:
        """Have the world refuse the next call with 429 and this Retry-After; False where it knows no such thing."""
        raise NotImplementedError

    def nothing(self) -> Outgoing:
        """An effect that has nothing to deliver."""
        return self.outgoing(files=[])

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        """An effect of this target's kind."""
        values: dict[str, Any] = {
            "key": key,
            "kind": self.kind,
            "job_uid": "3f2a9c1e-0000-4000-8000-000000000001",
            "job_title": "Autumn menu",
            "client": "Trattoria Lume",
            "fields": self.fields,
            "files": [out_file()],
            "created_at": CREATED,
        }
        return Outgoing(**{**values, **changes})

    def test_is_what_the_contract_says(self) -> None:
        target = self.make()
        assert target.slug
        assert self.kind in target.kinds
        assert target.lag_seconds >= 0

    def test_an_effect_is_made_and_found(self) -> None:
        target = self.make()
        assert target.find(self.outgoing()) is None
        landed = target.deliver(self.outgoing())
        assert isinstance(landed, Landed)
        assert 0 < len(landed.external_id) <= 255
        assert self.effects() == 1
        assert target.find(self.outgoing()) == (landed if self.can_be_asked else None)

    def test_the_same_key_twice_is_one_effect(self) -> None:
        first = self.make().deliver(self.outgoing())
        assert self.make().deliver(self.outgoing()) == first
        assert self.effects() == 1

    def test_a_lost_answer_is_found_by_another_process(self) -> None:
        self.make().deliver(self.outgoing())
        assert (self.make().find(self.outgoing()) is not None) is self.can_be_asked
        assert self.make().find(self.outgoing(key="job-1:2:0:1")) is None

    def test_an_answer_that_is_lost_on_the_way_leaves_one_effect(self) -> None:
        if not self.lose_the_next_answer():
            return
        # Where it would be harmless once more, nobody has to look first: it is simply tried again.
        with contextlib.suppress(OutcomeUnknown if self.can_be_asked else DeliveryError):
            self.make().deliver(self.outgoing())  # or it finds out for itself
        assert self.effects() == 1
        assert (self.make().find(self.outgoing()) is not None) is self.can_be_asked
        if self.knows_its_keys:
            self.make().deliver(self.outgoing())
        assert self.effects() == 1

    def test_a_pause_that_is_asked_for_is_told_and_nothing_was_made(self) -> None:
        if not self.ask_for_a_pause(7):
            return
        with pytest.raises(DeliveryError) as caught:
            self.make().deliver(self.outgoing())
        assert not caught.value.permanent
        assert caught.value.retry_after is not None
        assert caught.value.retry_after >= 7
        assert self.effects() == 0

    @pytest.mark.parametrize("content", [b"", b"Warm soup. " * 30_000], ids=["empty", "long"])
    def test_a_text_of_any_length_lands_whole_or_is_refused_for_good(self, content: bytes) -> None:
        outgoing, refused = self.outgoing(files=[out_file(content)]), None
        try:
            landed = self.make().deliver(outgoing)
        except DeliveryError as error:
            refused = error
        if refused:
            assert refused.permanent
            assert self.effects() == 0
            return
        found = self.make().find(outgoing)
        assert (found.external_id if found else None) == (landed.external_id if self.can_be_asked else None)
        if self.knows_its_keys:
            assert self.make().deliver(outgoing) == landed
        assert self.effects() == 1

    def test_what_is_there_is_listed_by_its_key(self) -> None:
        target = self.make()
        if not isinstance(target, Listing):
            return
        try:
            assert target.listing(CREATED - timedelta(days=1)) == []
        except CannotTell:
            return  # a mail server, for one
        landed = target.deliver(self.outgoing())
        (found,) = target.listing(CREATED - timedelta(days=1))
        assert (found.key, found.external_id) == (self.outgoing().key, landed.external_id)
        assert target.listing(CREATED + timedelta(days=2)) == []

    def test_two_keys_are_two_effects(self) -> None:
        first = self.make().deliver(self.outgoing())
        second = self.make().deliver(self.outgoing(key="job-1:2:0:1", files=[out_file(b"# Another\n")]))
        assert first.external_id != second.external_id
        assert self.effects() == 2

    def test_a_permanent_refusal_is_a_clear_one(self) -> None:
        target, outgoing = self.refused_for_good()
        with pytest.raises(DeliveryError, match=r"\w+ \w+") as caught:
            target.deliver(outgoing)
        assert caught.value.permanent
        assert self.effects() == 0

    def test_a_kind_of_another_target_is_refused(self) -> None:
        other = "branch" if self.kind != "branch" else "document"
        with pytest.raises(DeliveryError) as caught:
            self.make().deliver(self.outgoing(kind=other))
        assert caught.value.permanent
        assert self.effects() == 0

    def test_nothing_to_deliver_is_refused(self) -> None:
        with pytest.raises(DeliveryError) as caught:
            self.make().deliver(self.nothing())
        assert caught.value.permanent
        assert self.effects() == 0

    def test_long_and_foreign_names_land(self) -> None:
        names = ["ä" * 200 + ".md", "../../etc/passwd", "a\nb\x00c.md", "\u202efdp.exe", "メニュー.md", "."]
        for number, name in enumerate(names, start=1):
            outgoing = self.outgoing(
                key=f"job-1:{number}", job_title="Größe " * 30, files=[out_file(f"{name!r}\n".encode(), name)]
            )
            assert len(self.make().deliver(outgoing).external_id) <= 255
        assert self.effects() == len(names)
