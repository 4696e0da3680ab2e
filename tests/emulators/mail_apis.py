"""The APIs from which announced mail is fetched: Resend, Mailtrap and Brevo, strict about who asks."""

from typing import Any

from tests.emulators.esp import KEYS
from tests.emulators.kit import Emu, Reply, Req


class MailApis(Emu):
    """All three under one address. `mails` holds the bytes of each mail by its id."""

    def setup(self) -> None:
        """Routes and state."""
        self.mails: dict[str, bytes] = {}
        self.route("GET", "/emails/receiving/{email}", self._resend)
        self.route("GET", "/inbound/inboxes/{inbox}/messages/{message}", self._mailtrap)
        self.route("GET", "/inbound/attachments/{token}", self._brevo)
        self.route("GET", "/signed/{email}", self._bytes)

    def _resend(self, req: Req, email: str) -> Any:
        """https://resend.com/docs/api-reference/emails/retrieve-received-email"""
        _need(req, "authorization", f"Bearer {KEYS['RESEND_API_KEY']}")
        self._known(email)
        return {"object": "email", "id": email, "raw": {"download_url": f"{self.url}/signed/{email}"}}

    def _mailtrap(self, req: Req, inbox: str, message: str) -> Any:
        _need(req, "authorization", f"Bearer {KEYS['MAILTRAP_API_TOKEN']}")
        self._known(message)
        return {"id": message, "inbox_id": int(inbox), "raw_message_url": f"{self.url}/signed/{message}"}

    def _brevo(self, req: Req, token: str) -> Any:
        """https://developers.brevo.com/reference/get_inbound-attachments-downloadtoken"""
        _need(req, "api-key", KEYS["BREVO_API_KEY"])
        return Reply(200, raw=self._known(token), ctype="text/plain")

    def _bytes(self, req: Req, email: str) -> Any:
        if "authorization" in req.headers:
            raise Reply(400, {"error": "a signed address takes no other proof"})
        return Reply(200, raw=self._known(email), ctype="message/rfc822")

    def _known(self, name: str) -> bytes:
        if name not in self.mails:
            raise Reply(404, {"name": "not_found"})
        return self.mails[name]


def _need(req: Req, header: str, value: str) -> None:
    if req.headers.get(header) != value:
        raise Reply(401, {"name": "missing_api_key"})
