"""Who really sent a mail: the Authentication-Results (RFC 8601) of the owner's own provider, and nobody else's."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)\s*(?:/\s*[0-9]+)?\s*=\s*([a-z]+)(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"([a-z]+\.[a-z0-9_-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s\"]+))", re.IGNORECASE)
_MAX_CHARS = 5_000


@dataclass(frozen=True)
class Verdict:
    """Whether the address in From is proven, and why or why not."""

    verified: bool
    says: str


def judge(headers: Sequence[tuple[str, str]], senders: Sequence[str], *, authserv_ids: Collection[str]) -> Verdict:
    """Judge the From address by the topmost Authentication-Results, if one of `authserv_ids` wrote it.

    Below that one, anybody can have written anything. Proven is an address whose domain passed DMARC, or whose own
    domain signed the mail where the domain has no DMARC.
    """
    if not authserv_ids:
        return Verdict(False, "unverified: MAIL_AUTHSERV_ID does not say whose word counts")
    if len(senders) != 1:
        return Verdict(False, f"unverified: it names {len(senders) or 'no'} senders")
    written = next((value for name, value in headers if name == "authentication-results"), "")
    writer, results = _read(written)
    if writer not in {one.lower() for one in authserv_ids}:
        return Verdict(False, f"unverified: judged by {writer or 'nobody'}, whose word does not count")
    domain = senders[0].rpartition("@")[2].lower()
    return _weigh(results, domain)


def _weigh(results: list[tuple[str, str, dict[str, str]]], domain: str) -> Verdict:
    dmarc = [(result, found) for method, result, found in results if method == "dmarc"]
    for result, found in dmarc:
        # What another parser took for the sender must be what we take for it.
        if result == "pass" and found.get("header.from", domain).rpartition("@")[2].lower() == domain:
            return Verdict(True, f"verified: {domain} passes DMARC")
    if any(result not in {"none", "pass"} for result, _ in dmarc):
        return Verdict(False, f"unverified: {domain} fails DMARC")
    for method, result, found in results:
        signer = found.get("header.d", found.get("header.i", "")).rpartition("@")[2].lower()
        if method == "dkim" and result == "pass" and signer == domain:
            return Verdict(True, f"verified: signed by {domain}")
    return Verdict(False, f"unverified: nothing proves that {domain} sent it")


def _read(value: str) -> tuple[str, list[tuple[str, str, dict[str, str]]]]:
    """Who wrote the header, and its results as (method, result, properties)."""
    text, before = value[:_MAX_CHARS], ""
    while text != before:
        text, before = _COMMENT.sub(" ", text), text
    writer, *parts = _split(text)
    results = []
    for part in parts:
        if match := _RESULT.match(part):
            found = {name.lower(): quoted or bare for name, quoted, bare in _PROPERTY.findall(match[3])}
            results.append((match[1].lower(), match[2].lower(), found))
    return (writer.split() or [""])[0].lower(), results


def _split(text: str) -> list[str]:
    """The parts between semicolons that stand outside quotes."""
    parts, inside = [""], False
    for char in text:
        inside = inside != (char == '"')
        if char == ";" and not inside:
            parts.append("")
        else:
            parts[-1] += char
    return parts
