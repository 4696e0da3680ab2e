from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from integrations.contracts import Malformed, RawRequest
from integrations.mail.source import MailSource
from tests.integrations.mail.mails import AUTHSERV, a_mail, with_files
from tests.integrations.source_contract import MALFORMED, NOW, SourceContract

PASSWORDS = ["nightdesk:the password of the hooks", "nightdesk:the one that comes next"]


class TestMailSource(SourceContract):
    source: Any = MailSource(own=["desk@example.com"], authserv_ids=[AUTHSERV])
    limit = 35_000_000
    secrets = PASSWORDS
    proof = ("authorization",)
    good_body = a_mail()
    covers_body = False
    timestamped = False
    wrong_schemes = [("authorization", f"{scheme} {{proof}}") for scheme in ("Bearer", "Digest", "basic")]

    def request(
        self, body: bytes | None = None, *, event: str = "evt-1", at: datetime = NOW, secret: str | None = None
    ) -> RawRequest:
        content = a_mail(Message_ID=f"<{event}@example.com>") if body is None else body
        proof = self.source.sign(
            self.source.sample({}, event_id=event), event_id=event, secret=secret or self.secrets[0], now=at
        )
        return RawRequest("POST", "/hooks/mail/", {"content-type": "message/rfc822", **proof}, content)

    def mutants(self) -> Iterator[RawRequest]:
        yield from super().mutants()

    @pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
    def test_what_is_not_a_json_object_is_refused_in_words(self, body: bytes) -> None:
        """No mail is JSON: what is not a mail at all is refused here."""
        with pytest.raises(Malformed, match="no mail"):
            self.source.parse(self.request(body))

    def test_a_rule_is_read_as_a_sentence(self) -> None:
        wanted = {"sender": "*@example.com", "subject": ["invoice", "menu"], "has_attachment": True}
        assert self.source.check_conditions(wanted) == (
            "A mail that a person wrote from *@example.com (proven by the mail provider) with “invoice” or “menu”"
            " in its subject with a file."
        )
        assert self.source.check_conditions({"automatic": True}) == "Any mail that a person or a program wrote."

    @pytest.mark.parametrize(
        "wanted",
        [
            {},
            {"sender": "*@example.org"},
            {"sender": "marta@example.org", "recipient": "desk+*@example.com", "subject": "In*voice"},
            {"list_id": "announce.example.com"},
            {"has_attachment": True, "automatic": True},
        ],
    )
    def test_a_sample_meets_its_conditions(self, wanted: dict[str, Any]) -> None:
        incoming = self.source.parse(self.request(self.source.sample(wanted, event_id="test-1").body))
        assert self.source.matches(incoming, wanted)
        assert not incoming.ignored

    @pytest.mark.parametrize(
        "raw",
        [
            a_mail(),
            a_mail(Authentication_Results=None),
            a_mail(List_Id="<announce.example.com>"),
            a_mail(Precedence="bulk"),
            with_files(("a", b"a")),
        ],
    )
    def test_what_is_suggested_fits(self, raw: bytes) -> None:
        incoming = self.source.read(None, raw=raw)
        wanted = self.source.suggest(incoming.kind, incoming.data)
        assert wanted
        assert self.source.matches(incoming, wanted)
        assert self.source.check_conditions(wanted)
