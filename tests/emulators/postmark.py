"""Postmark's API for sending and for asking what was sent, as strict as its documentation says.

https://postmarkapp.com/developer/api/email-api and /messages-api
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.emulators.kit import Emu, Reply, Req

TOKEN = "0f6a1c2e-server-token"
_WHY = "Inactive recipients are ones that have generated a hard bounce or a spam complaint."
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?")
_ASKED = {
    "count",
    "offset",
    "recipient",
    "fromemail",
    "tag",
    "status",
    "fromdate",
    "todate",
    "subject",
    "messagestream",
}
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[a-z]+")


class Postmark(Emu):
    """`sent` holds each message that was accepted; `inactive` addresses that bounced before."""

    def setup(self) -> None:
        """Routes and state."""
        self.sent: list[dict[str, Any]] = []
        self.inactive: set[str] = set()
        self.hidden = False  # the search has not seen the newest yet
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.route("POST", "/email", self._send)
        self.route("GET", "/messages/outbound", self._search)
        self.route("GET", "/server", lambda req: {"ID": 1, "Name": "Studio"})

    def pre(self, req: Req) -> None:
        """Every call needs the token, and says that it takes JSON."""
        if req.headers.get("x-postmark-server-token") != TOKEN:
            raise _error(401, 10, "No Account or Server API tokens were supplied in the HTTP headers.")
        if req.headers.get("accept") != "application/json":
            raise _error(406, 0, "The Accept header is not application/json.")

    def _send(self, req: Req) -> Any:
        mail = req.json()
        if not (mail.get("TextBody") or mail.get("HtmlBody")):
            raise _error(422, 300, "Provide either email TextBody or HtmlBody or both.")
        recipients = [one for field in ("To", "Cc") for one in _addresses(mail.get(field, ""))]
        for one in recipients:
            if not _ADDRESS.search(one):
                raise _error(422, 300, f"Invalid 'To' address: '{one}'.")
        for name, value in mail.get("Metadata", {}).items():
            if len(name) > 20 or len(value) > 80:
                raise _error(422, 300, "Invalid metadata content. Field names are limited to 20 characters.")
        refused = [one for one in recipients if one in self.inactive]
        if refused and len(refused) == len(recipients):
            said = f"You cannot send to them. Found inactive addresses: {', '.join(refused)}. {_WHY}"
            raise _error(422, 406, said)
        self.sent.append({**mail, "ReceivedAt": self.now().isoformat()})
        said = "OK"
        if refused:
            said = f"Message OK, but will not deliver to these inactive addresses: {', '.join(refused)}. {_WHY}"
        return {"To": mail["To"], "MessageID": _id(len(self.sent)), "ErrorCode": 0, "Message": said}

    def _search(self, req: Req) -> Any:
        if not {"count", "offset"} <= set(req.query):
            raise _error(422, 701, "This search requires count and offset.")
        count, offset = int(req.query["count"][0]), int(req.query["offset"][0])
        if not 1 <= count <= 500 or count + offset > 10_000:
            raise _error(422, 701, "Count is at most 500, and count and offset together at most 10,000.")
        if unknown := {name for name in req.query if not name.startswith("metadata_")} - _ASKED:
            self.violations.append(f"the search knows no {', '.join(sorted(unknown))}")
        begins = req.query.get("fromdate", [""])[0]
        if begins and not _DATE.fullmatch(begins):
            raise _error(422, 701, "The date is not valid.")
        wanted = {
            name.removeprefix("metadata_"): value[0]
            for name, value in req.query.items()
            if name.startswith("metadata_")
        }
        found = [
            {
                "MessageID": _id(number),
                "Status": "Sent",
                "ReceivedAt": mail["ReceivedAt"],
                "Metadata": mail.get("Metadata", {}),
            }
            for number, mail in enumerate([] if self.hidden else self.sent, start=1)
            if wanted.items() <= mail.get("Metadata", {}).items() and mail["ReceivedAt"] >= begins
        ]
        # The newest first.
        return {"TotalCount": len(found), "Messages": found[::-1][offset : offset + count]}


def _addresses(field: str) -> list[str]:
    return [one.strip() for one in field.split(",") if one.strip()]


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _error(status: int, code: int, said: str) -> Reply:
    return Reply(status, {"ErrorCode": code, "Message": said})
