"""What an approval is bound to."""

import hashlib
import json
from typing import Any


def digest_of(*, target: str, kind: str, fields: dict[str, Any], files: list[dict[str, Any]]) -> str:
    """Sha-256 over everything that will leave: where to, to whom, and every byte by its own sha-256."""
    shown = [{name: file[name] for name in ("name", "media_type", "sha256")} for file in files]
    canonical = json.dumps(
        {"target": target, "kind": kind, "fields": fields, "files": shown},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
