"""What every Source has to keep. A provider's test subclasses SourceContract and says how it is spoken to."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser

from integrations.contracts import BadSignature, Incoming, Malformed, RawRequest, Source, TooLarge

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
MALFORMED = {
    "nothing": b"",
    "white space": b" \n",
    "half a JSON": b'{"text": "Please',
    "a list": b'[{"text": "hello"}]',
    "a text": b'"hello"',
    "null": b"null",
    "two values": b'{"text": "a"} {"text": "b"}',
    "a name twice": b'{"text": "pay 10", "text": "pay 1000"}',
    "a name twice, deeper": b'{"text": "a", "more": [{"x": 1, "x": 2}]}',
    "not a number": b'{"text": "a", "sum": NaN}',
    "infinity": b'{"text": "a", "sum": -Infinity}',
    "a number beyond all": b'{"text": "a", "sum": 1e999}',
    "5,000 digits": b'{"text": "a", "sum": ' + b"9" * 5_000 + b"}",
    "a NUL byte": b'{"text": "a\x00b"}',
    "a NUL character": b'{"text": "a\\u0000b"}',
    "a NUL character in a name": b'{"text": "a", "b\\u0000": 1}',
    "half a surrogate pair": b'{"text": "a\\ud800b"}',
    "Latin-1": '{"text": "Grüße"}'.encode("latin-1"),
    "UTF-16": '{"text": "hello"}'.encode("utf-16"),
    "nested too deep": DEEP,
    "nested a little too deep": b'{"a":' * 40 + b"1" + b"}" * 40,
    "too many values": b'{"text": "a", "x": [' + b"0," * 1_100_000 + b"0]}",
}


class SourceContract:
    """Good, bad, missing, replayed, stale, malformed, oversized."""

    source: Source
    limit: int  # the body limit that the outside is promised
    secrets: list[str]
    proof: tuple[str, ...]  # the headers that prove the sender
    good_body: bytes
    covers_body = True  # the proof is made over the body
    timestamped = True  # the proof is made for a time
    wrong_schemes: list[tuple[str, str]] = []  # (header, value with {proof} for what follows the right scheme)

    def request(
        self, body: bytes | None = None, *, event: str = "evt-1", at: datetime = NOW, secret: str | None = None
    ) -> RawRequest:
        """A well-made request of this provider, proven with `secret` (else with the first of the secrets)."""
        raise NotImplementedError

    def test_no_header_that_proves_anything_is_kept(self) -> None:
        credentials = {*self.proof, "authorization", "cookie"} - {"webhook-id", "webhook-timestamp"}
        assert not credentials & {*self.source.kept_headers} - {"x-slack-request-timestamp"}

    def accepts(self, request: RawRequest, *, secrets: list[str] | None = None) -> bool:
        """Whether the source believes the request; anything but a clear refusal is raised."""
        try:
            self.source.verify(request, secrets=self.secrets if secrets is None else secrets, now=NOW)
        except BadSignature as refusal:
            said = str(refusal)
        else:
            return True
        assert said
        assert not any(secret in said for secret in self.secrets)
        return False

    def test_good_is_believed_and_read(self) -> None:
        request = self.request()
        assert self.accepts(request)
        incoming = self.source.parse(request)
        assert isinstance(incoming, Incoming)
        assert incoming.kind
        assert "\n" not in incoming.summary
        assert json.loads(json.dumps(incoming.data, allow_nan=False)) == incoming.data

    def test_every_secret_in_use_is_enough(self) -> None:
        old = self.secrets[0]
        assert self.accepts(self.request(secret=old), secrets=[*self.secrets[1:], old])

    def test_wrong_or_no_secret_is_refused(self) -> None:
        assert not self.accepts(self.request(), secrets=[])
        assert not self.accepts(self.request(), secrets=[""])
        assert not self.accepts(self.request(), secrets=self.secrets[1:])

    @pytest.mark.parametrize("spoil", ["missing", "empty", "twice", "twice, spaced", "a space", "another case"])
    def test_proof_headers_are_taken_literally(self, spoil: str) -> None:
        for name in self.proof:
            headers = dict(self.request().headers)
            value = headers.pop(name)
            spoilt = {
                "empty": "",
                "twice": f"{value},{value}",
                "twice, spaced": f"{value}, {value}",
                "a space": f" {value}",
                "another case": value.swapcase() if value.swapcase() != value else f"+{value}",
            }
            if spoil in spoilt:
                headers[name] = spoilt[spoil]
            assert not self.accepts(dataclasses.replace(self.request(), headers=headers)), name

    def test_no_mutation_is_accepted(self) -> None:
        mutants = {repr(mutant): mutant for mutant in self.mutants()}
        assert len(mutants) >= 200
        assert repr(self.request()) not in mutants
        assert [name for name, mutant in mutants.items() if self.accepts(mutant)] == []

    def test_stale_and_future_are_refused(self) -> None:
        for seconds in (-301, 301, -86_400, 86_400, -(10**9), 10**9):
            request = self.request(at=NOW + timedelta(seconds=seconds))
            assert self.accepts(request) is not self.timestamped
        for seconds in (-299, 0, 299):
            assert self.accepts(self.request(at=NOW + timedelta(seconds=seconds)))

    def test_a_repeat_has_the_same_id_and_another_event_has_another(self) -> None:
        first = self.source.parse(self.request())
        assert self.source.parse(self.request()) == first
        again = self.source.parse(self.request(at=NOW + timedelta(minutes=2)))
        assert again.external_id == first.external_id
        assert self.source.parse(self.request(event="evt-2")).external_id != first.external_id

    @pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
    def test_what_is_not_a_json_object_is_refused_in_words(self, body: bytes) -> None:
        request = self.request(body)
        assert self.accepts(request)
        with pytest.raises(Malformed, match=r"\w{3,} \w+") as caught:
            self.source.parse(request)
        assert len(str(caught.value)) < 600
        assert caught.value.status == 400

    def test_limit_is_what_was_promised(self) -> None:
        assert self.source.max_body_bytes == self.limit

    def test_a_body_of_the_limit_is_read_or_refused(self) -> None:
        body = b'{"text": "' + b"x" * (min(self.limit, 2_000_000) - 12) + b'"}'
        request = self.request(body)
        assert self.accepts(request)
        with contextlib.suppress(Malformed, TooLarge):
            assert self.source.parse(request).data

    def test_a_body_over_the_limit_is_refused_before_anybody_is_asked(self) -> None:
        """No rule, no secret and no database: what is too large is not even looked at."""
        body = b" " * (self.limit + 1)
        response = Browser().post(self.request().path, body, content_type="application/json")
        assert (response.status_code, response.json()["error"]) == (413, "too_large")

    def test_conditions_that_are_not_known_are_named(self) -> None:
        with pytest.raises(ValueError, match="moon_phase"):
            self.source.check_conditions({"moon_phase": "full"})

    def mutants(self) -> Iterator[RawRequest]:
        """Requests that differ from a good one in the proof, or in what it was made over."""
        good = self.request()
        for name in self.proof:
            value = good.headers[name]
            changed = [value[:spot] + other + value[spot + 1 :] for spot, other in _flips(value)]
            for text in [*changed, value[:-1], value[1:], value + "A", value[::-1]]:
                yield dataclasses.replace(good, headers={**good.headers, name: text})
        for name, pattern in self.wrong_schemes:
            proof = good.headers[name].partition("," if "," in good.headers[name] else "=")[2]
            headers = {**good.headers, name: pattern.format(proof=proof or good.headers[name].split(" ")[-1])}
            yield dataclasses.replace(good, headers=headers)
        if self.covers_body:
            for body in _spoilt(good.body):
                yield dataclasses.replace(good, body=body)


def _flips(text: str) -> list[tuple[int, str]]:
    """Each place of the text with characters that differ in one bit from what stands there."""
    return [
        (spot, chr(ord(char) ^ bit))
        for spot, char in enumerate(text)
        for bit in (1, 2, 4, 8, 16)
        if 32 < ord(char) ^ bit < 127
    ]


def _spoilt(body: bytes) -> list[bytes]:
    step = max(1, len(body) // 100)
    flipped = [
        body[:spot] + bytes([body[spot] ^ (1 << spot % 8)]) + body[spot + 1 :] for spot in range(0, len(body), step)
    ]
    value = json.loads(body)
    said_again = [json.dumps(value, indent=1).encode(), json.dumps(value, separators=(",", ":")).encode()]
    return [*flipped, body[:-1], body + b"\n", b" " + body, b"", b"{}", *(b for b in said_again if b != body)]
