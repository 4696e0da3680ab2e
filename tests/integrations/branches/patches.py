"""Patches that a branch is made of, and the job whose branch it is."""

import uuid

from integrations.contracts import OutFile
from tests.integrations.target_contract import out_file

UID = "3f2a9c1e-0000-4000-8000-000000000001"
BRANCH = f"refs/heads/agent/{UID}"
EDIT = b"""diff --git a/menu.py b/menu.py
--- a/menu.py
+++ b/menu.py
@@ -1 +1 @@
-PRICE = 14
+PRICE = 15
"""
EDIT_AGAIN = EDIT.replace(b"15", b"16").replace(b"14", b"15")


def new_file(content: str, path: str = "note.md", mode: str = "100644") -> bytes:
    """A patch that adds a file."""
    lines = content.splitlines()
    body = "".join(f"+{line}\n" for line in lines)
    head = f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n"
    end = "" if content.endswith("\n") else "\\ No newline at end of file\n"
    return f"{head}@@ -0,0 +1,{len(lines)} @@\n{body}{end}".encode()


def as_patch(file: OutFile) -> OutFile:
    """A file of the contract's tests as the patch that would add it."""
    is_one = file.content.startswith(b"diff ")
    return out_file(file.content if is_one else new_file(file.content.decode()), file.name, kind="patch")


def uid_of(key: str) -> str:
    """The job of a delivery: each key of the contract's tests is of a job of its own."""
    return UID if key == "job-1:1:0:1" else str(uuid.uuid5(uuid.NAMESPACE_URL, key))
