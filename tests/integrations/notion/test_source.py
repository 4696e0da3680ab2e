"""Events of Notion's, as its sender signs them."""

import json
from typing import Any

import pytest

from integrations.contracts import Incoming, Malformed, RawRequest
from integrations.notion.source import NotionSource, verification_token
from tests.emulators.notion import BOT
from tests.emulators.notion_hooks import event, handshake, signature
from tests.integrations.source_contract import NOW, SourceContract

PERSON = "a0000000-0000-4000-8000-000000000001"


class TestNotionSource(SourceContract):
    source = NotionSource()
    limit = 1_000_000
    secrets = ["secret_old_token_1", "secret_new_token_2"]
    proof = ("x-notion-signature",)
    good_body = event(None, by=PERSON, id="evt-1")
    timestamped = False
    wrong_schemes = [("x-notion-signature", "sha1={proof}"), ("x-notion-signature", "{proof}")]

    def request(
        self, body: bytes | None = None, *, event: str = "evt-1", at: Any = NOW, secret: str | None = None
    ) -> RawRequest:
        sent = self.good_body.replace(b"evt-1", event.encode()) if body is None else body
        headers = {"content-type": "application/json"}
        headers["x-notion-signature"] = signature(sent, secret or self.secrets[0])
        return RawRequest("POST", "/hooks/notion/", headers, sent)

    def read(self, **changes: Any) -> Incoming:
        """An event with these changes, read."""
        return self.source.parse(self.request(event(None, **{"by": PERSON} | changes)))

    def test_an_event_names_its_page_and_who_it_was(self) -> None:
        said = json.loads(self.good_body)
        incoming = self.source.parse(self.request())
        assert (incoming.external_id, incoming.kind, incoming.sender) == (
            "evt-1",
            "page.properties_updated",
            PERSON,
        )
        assert incoming.data["page"] == said["entity"]["id"]
        assert incoming.data["data_source"] == said["data"]["parent"]["data_source_id"]
        assert not incoming.ignored

    def test_what_no_person_did_opens_nothing(self) -> None:
        assert "own doing" in self.read(by=BOT).ignored
        both = [{"id": BOT, "type": "bot"}, {"id": PERSON, "type": "person"}]
        assert not self.read(authors=both).ignored
        assert self.read(authors=[]).ignored

    def test_conditions_name_the_kind_and_the_data_source(self) -> None:
        there = json.loads(self.good_body)["data"]["parent"]["data_source_id"]
        incoming = self.source.parse(self.request())
        for conditions, met in (
            ({}, True),
            ({"event": "page.properties_updated", "data_source": there}, True),
            ({"event": "page.created"}, False),
            ({"data_source": "other"}, False),
        ):
            assert self.source.matches(incoming, conditions) is met
            assert self.source.check_conditions(conditions)

    @pytest.mark.parametrize("lacks", ["id", "type", "entity"])
    def test_what_lacks_its_parts_is_no_event(self, lacks: str) -> None:
        body = json.loads(self.good_body)
        del body[lacks]
        with pytest.raises(Malformed, match="lacks its id, type or entity"):
            self.source.parse(self.request(json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (handshake(), "secret_emulator_0001"),
        (event(None, by=PERSON), ""),
        (b'{"verification_token": "short"}', ""),
        (b'{"verification_token": "secret_emulator_0001", "more": 1}', ""),
        (b'{"verification_token": ["secret_emulator_0001"]}', ""),
        (b'{"verification_token": "secret/../../etc/passwd"}', ""),
        (b"{", ""),
    ],
)
def test_only_a_handshake_brings_a_token(body: bytes, token: str) -> None:
    assert verification_token(body) == token
