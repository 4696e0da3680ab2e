"""GitHub's own example payloads, from npm: fetched once, checked against their sum, kept under var/."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent.parent
CACHE = ROOT / "var" / "npm"

_PACKAGE = "@octokit/webhooks-examples@7.6.1"
_FILE = "octokit-webhooks-examples-7.6.1.tgz"
_SHA512 = "De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ=="
_INSIDE = "package/api.github.com/index.json"


class Missing(Exception):
    """The examples cannot be had here; the message says why."""


@dataclass(frozen=True)
class Example:
    """One payload of GitHub's; `delivery` is the same in every process."""

    event: str
    delivery: str
    payload: dict[str, Any]
    body: bytes


def load() -> list[Example]:
    """All examples in the order of the package. Raises Missing where npm or its registry is not to be had."""
    with tarfile.open(_fetched()) as package:
        member = package.extractfile(_INSIDE)
        if member is None:
            raise Missing(f"{_PACKAGE} holds no {_INSIDE}")
        events: list[dict[str, Any]] = json.load(member)
    return [
        Example(event["name"], f"{event['name']}-{number}".replace("_", "-"), payload, json.dumps(payload).encode())
        for event in events
        for number, payload in enumerate(event["examples"], start=1)
    ]


def _fetched() -> Path:
    kept = CACHE / _FILE
    if not (kept.is_file() and _is_whole(kept)):
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            _fetch(Path(folder))
            made = Path(folder) / _FILE
            if not (made.is_file() and _is_whole(made)):
                raise Missing(f"npm gave another {_PACKAGE} than the one that is known here")
            made.replace(kept)
    return kept


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing(f"npm is not installed, so {_PACKAGE} cannot be fetched")
    patience = {"npm_config_fetch_retries": "0", "npm_config_fetch_timeout": "20000"}
    try:
        subprocess.run(
            [npm, "pack", _PACKAGE, "--loglevel=error", f"--pack-destination={folder}"],
            cwd=folder,
            env=os.environ | patience,
            check=True,
            capture_output=True,
            timeout=60,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        raise Missing(f"npm cannot fetch {_PACKAGE}: {said[0] if said else error}") from error


def _is_whole(path: Path) -> bool:
    return base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode() == _SHA512
