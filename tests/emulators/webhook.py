"""A receiver of Standard Webhooks on loopback, which checks with the reference library and counts an id once."""

from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.emulators.kit import Emu, Reply, Req

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class WebhookEmulator(Emu):
    """Takes messages at /hook; `messages` holds each id with what it said first."""

    def __init__(self, *, key: str = KEY) -> None:
        self.key = key
        self.messages: dict[str, Any] = {}
        super().__init__()

    def setup(self) -> None:
        self.route("POST", "/hook", self._take)

    def pre(self, req: Req) -> None:
        if req.headers.get("content-type") != "application/json":
            raise Reply(415, {"error": "send application/json"})

    def _take(self, req: Req) -> Reply:
        try:
            said = Webhook(self.key).verify(req.body, req.headers)
        except WebhookVerificationError as error:
            return Reply(401, {"error": str(error)})
        missing = {"type", "timestamp", "data"} - said.keys()
        if missing or "." in req.headers["webhook-id"]:
            self.violations.append(f"{req.headers['webhook-id']}: without {sorted(missing)}")
        self.messages.setdefault(req.headers["webhook-id"], said)
        return Reply(202, raw=b"")
