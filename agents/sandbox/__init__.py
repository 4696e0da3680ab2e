"""The cell: a repository's own code runs here and nowhere else, without network, secrets or a way out.

Tests get a copy of the work tree in a memory file system; whatever they do to it is gone with the cell. Git works
outside of it, on a tree that nothing in a cell ever wrote. Where any layer is missing, nothing runs at all.
"""

from agents.sandbox.cell import CellUnavailable, Outcome, run
from agents.sandbox.limits import Limits
from agents.sandbox.probing import probe

__all__ = ["CellUnavailable", "Limits", "Outcome", "probe", "run"]
