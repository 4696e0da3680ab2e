"""Mail that nobody wrote: what comes back to us of our own, machines that answer machines, lists."""

from collections.abc import Collection, Mapping

# What these say of a mail is said by programs that answer by themselves (RFC 3834 and what came before it).
_ANSWERING = ("x-autoreply", "x-autorespond", "x-autoreply-from")
_BULK = {"bulk", "junk", "list"}


def why_ignored(headers: Mapping[str, str], sender: str, *, own: Collection[str]) -> str:
    """Why no rule may have this mail; empty if one may. `headers` are the first of each name, in lower case."""
    if sender and sender.casefold() in {address.casefold() for address in own}:
        return f"It comes from {sender}, the address that Nightdesk itself writes from."
    word = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    if word in {"auto-replied", "auto-notified"}:
        return "It was sent by a program that answers mail by itself."
    if any(name in headers for name in _ANSWERING) or _precedence(headers) == "auto_reply":
        return "It was sent by a program that answers mail by itself."
    if headers.get("return-path", "").replace(" ", "") == "<>" or _is_report(headers):
        return "It is a report of a mail server on the delivery of another mail."
    return ""


def why_automatic(headers: Mapping[str, str]) -> str:
    """What says that a program wrote it; empty if nothing does. Only a rule that asks for such may have it."""
    word = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    if word not in {"no", ""}:
        return f"Auto-Submitted: {word}"[:80]
    precedence = _precedence(headers)
    return f"Precedence: {precedence}" if precedence in _BULK else ""


def _precedence(headers: Mapping[str, str]) -> str:
    return headers.get("precedence", "").strip().lower()


def _is_report(headers: Mapping[str, str]) -> bool:
    kind = headers.get("content-type", "").lower()
    return kind.startswith("multipart/report") and "delivery-status" in kind
