from typing import Any

from jobs.lifecycle.digest import digest_of


def test_the_digest_covers_all_that_leaves_and_nothing_else() -> None:
    file = {"name": "a.md", "kind": "draft", "media_type": "text/plain", "sha256": "0" * 64}
    whole: dict[str, Any] = {"target": "mail", "kind": "client_message", "fields": {"to": ["a"], "subject": "s"}}
    digest = digest_of(**whole, files=[file])
    assert digest == digest_of(**whole | {"fields": {"subject": "s", "to": ["a"]}}, files=[{**file, "kind": "x"}])
    others = [
        digest_of(**whole | {"target": "slack"}, files=[file]),
        digest_of(**whole | {"kind": "document"}, files=[file]),
        digest_of(**whole | {"fields": {"to": ["b"], "subject": "s"}}, files=[file]),
        digest_of(**whole | {"fields": {"to": ["a"], "subject": "S"}}, files=[file]),
        digest_of(**whole, files=[]),
        digest_of(**whole, files=[{**file, "name": "b.md"}]),
        digest_of(**whole, files=[{**file, "media_type": "text/html"}]),
        digest_of(**whole, files=[{**file, "sha256": "1" * 64}]),
        digest_of(**whole, files=[file, file]),
    ]
    assert len({digest, *others}) == 10
