"""Lighthouse from npm, fetched once and kept under var/: what it makes of one page, on a phone of its choice."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")

# The last that runs on Node 20.
_PACKAGE = "lighthouse@12.8.2"
_KEPT = ROOT / "var" / "npm" / _PACKAGE.replace("@", "-")
_PROGRAM = "node_modules/lighthouse/cli/index.js"
# Blink's own numbers.
_SCHEMES = {"dark": 0, "light": 1}
_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage"
# Pages behind a login are for no search engine, and say so themselves.
_SKIPPED = "is-crawlable"


class Missing(Exception):
    """Lighthouse cannot be had here; the message says why."""


@dataclass(frozen=True)
class Verdict:
    """Points of a hundred by category, and what cost some: the audit's name and what it says."""

    points: dict[str, int]
    faults: list[str]


def program() -> Path:
    """Where it lies. Raises Missing where npm or its registry is not to be had."""
    if not (_KEPT / _PROGRAM).is_file():
        _KEPT.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_KEPT.parent) as folder:
            _install(Path(folder))
            shutil.rmtree(_KEPT, ignore_errors=True)
            Path(folder, "made").rename(_KEPT)
    return _KEPT / _PROGRAM


def judge(url: str, *, cookie: str, scheme: str, chromium: str, folder: Path) -> Verdict:
    """What it makes of the page as whoever has this cookie sees it, in the light or the dark."""
    report = folder / "report.json"
    command = ["node", str(program()), url, "--quiet", "--output=json", f"--output-path={report}"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--skip-audits={_SKIPPED}"]
    command += [f"--extra-headers={json.dumps({'Cookie': cookie})}"]
    command += [f"--chrome-flags={_FLAGS} --blink-settings=preferredColorScheme={_SCHEMES[scheme]}"]
    environment = os.environ | {"CHROME_PATH": chromium, "NO_PROXY": "127.0.0.1,localhost"}
    subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, timeout=180)
    return read(json.loads(report.read_text(encoding="utf-8")))


def read(report: dict[str, Any]) -> Verdict:
    """The verdict of a report. Of an audit that could not be run nobody knows anything, so it is a fault too."""
    if "runtimeError" in report:
        raise AssertionError(report["runtimeError"])
    points = {name: round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES}
    audits = report["audits"]
    weighed = {
        reference["id"]
        for category in report["categories"].values()
        for reference in category["auditRefs"]
        if reference["weight"]
    }
    bad = (audits[name] for name in sorted(weighed) if _is_bad(audits[name]))
    return Verdict(points, [f"{one['id']}: {one.get('displayValue') or one['title']}" for one in bad])


def _is_bad(audit: dict[str, Any]) -> bool:
    if audit["scoreDisplayMode"] in {"notApplicable", "manual", "informative"}:
        return False
    return audit["score"] is None or audit["score"] < 0.9


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing(f"npm is not installed, so {_PACKAGE} cannot be fetched")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    patience = {"npm_config_fetch_retries": "1", "npm_config_fetch_timeout": "30000"}
    try:
        subprocess.run(
            [*command, f"--prefix={folder / 'made'}", _PACKAGE],
            cwd=folder,
            env=os.environ | patience,
            check=True,
            capture_output=True,
            timeout=300,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        raise Missing(f"npm cannot fetch {_PACKAGE}: {said[0] if said else error}") from error
