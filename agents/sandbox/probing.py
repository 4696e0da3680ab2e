"""Can a cell be built here? Asked before a Task is begun, so that nothing is spent where it cannot."""

import shutil
import sys
import tempfile
from pathlib import Path

from agents.sandbox import limits, profile
from agents.sandbox.cell import CellUnavailable, run
from agents.sandbox.limits import Limits

_TRIAL = Limits(seconds=20.0)
# What the trial looks at from inside, and what each line has to be.
_QUESTIONS = (
    "grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '[:blank:]'; "
    "(: >/proc/sys/kernel/core_pattern) 2>/dev/null && echo kernel; "
    "(: >/usr/bin/nightdesk) 2>/dev/null && echo system; "
    "ls /sys/class/net /root /var 2>/dev/null; id -u; cat here"
)
_ANSWERS = ["CapEff:0000000000000000", "NoNewPrivs:1", "Seccomp:2", "65534", "tree"]


def probe(user: str = "") -> list[str]:
    """What is missing for a cell, each with what to do; empty when one was built and found to be tight."""
    missing = _missing(user)
    return missing or _tried(user)


def _missing(user: str) -> list[str]:
    if not sys.platform.startswith("linux"):
        return ["The code agent needs Linux: its cell is made of the kernel's namespaces."]
    packages = {"bwrap": "bubblewrap"}
    found = [
        f"{name} is missing. Install it (apt install {packages.get(name, name)})."
        for name in profile.PROGRAMS
        if shutil.which(name) is None
    ]
    found += [f"{path} is missing. Install it." for path in profile.INSIDE if not Path(path).exists()]
    try:
        limits.identity(user)
    except limits.NoUser as error:
        found.append(str(error))
    return found


def _tried(user: str) -> list[str]:
    """Build one and look around in it."""
    with tempfile.TemporaryDirectory(prefix="nightdesk-probe-") as folder:
        (Path(folder) / "here").write_text("tree\n")
        try:
            outcome = run(_QUESTIONS, Path(folder), user=user, most=_TRIAL)
        except CellUnavailable as error:
            return [_explained(str(error))]
    if outcome.output.split() != _ANSWERS:
        return [f"The cell is not tight on this machine, so it is not used. It said: {outcome.output.split()}"]
    return []


def _explained(text: str) -> str:
    """What bubblewrap says, with what usually helps."""
    if "uid map" in text or "namespace" in text:
        return (
            f"{text} User namespaces are not allowed here. Ubuntu needs an AppArmor profile for bwrap; other "
            "systems the settings user.max_user_namespaces and kernel.unprivileged_userns_clone."
        )
    if "mount" in text or "ermission denied" in text or "not permitted" in text:
        return (
            f"{text} A container has to be allowed to make namespaces and to mount: start it with seccomp, "
            "AppArmor and its masked system paths unconfined."
        )
    return text
