"""The versioned texts that agents think with: `<agent>/v<N>.md`, each locked by its sha-256 in LOCK.

A text is never edited in place once it has been used: what an old Run was told must stay readable. Write v2, name
it in the agent's `prompt_version`, and run `manage.py lock_prompts`.
"""

import hashlib
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent
LOCK = FOLDER / "LOCK"


class PromptError(Exception):
    """A text that does not exist, or whose variables aren't exactly the ones given."""


def load(agent: str, version: str, *, folder: Path | None = None, **values: str) -> str:
    """The text of `agent` in `version`, with each `${name}` replaced; raise PromptError.

    Strict both ways: a variable without a value and a value without a variable are errors, never a blank. An agent
    of an installed package names the `folder` that its texts are in, laid out like this one.
    """
    folder = folder or FOLDER
    path = folder / agent / f"{version}.md"
    try:
        template = Template(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PromptError(f"There is no prompt {agent}/{version}.md in {folder}.") from None
    if not template.is_valid():
        raise PromptError(f"{agent}/{version}.md has a lone $: write $$ for a dollar sign.")
    wanted = set(template.get_identifiers())
    if wanted != values.keys():
        raise PromptError(f"{agent}/{version}.md takes {sorted(wanted)}, but was given {sorted(values)}.")
    return template.substitute(values)


def sums() -> dict[str, str]:
    """The sha-256 of every prompt there is, by its path below this folder, in order."""
    paths = sorted(FOLDER.glob("*/*.md"))
    return {path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def locked() -> dict[str, str]:
    """What LOCK says, in the form of `sums`; the file is what `sha256sum` writes and `sha256sum -c` checks."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def lock() -> dict[str, str]:
    """Write LOCK anew from the files and return what it says now."""
    now = sums()
    LOCK.write_text("".join(f"{digest}  {name}\n" for name, digest in now.items()), encoding="utf-8")
    return now
