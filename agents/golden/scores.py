"""What earlier evaluations came to, in a small file: one row a prompt, model and set of briefs, the newest last."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from agents.contracts import Frozen
from agents.golden import Score

_MOST = 200


class Row(Frozen):
    """One evaluation. Only rows of the same model and the same set can be compared."""

    version: str
    prompt: str  # sha-256 of all that the model is told: the prompt with the catalogue
    model: str
    briefs: str  # sha-256 of the set
    on: str  # ISO 8601
    points: int
    of: int
    reached: list[str]
    missed: list[str]
    cost_microusd: int | None

    @classmethod
    def made_of(cls, scores: Sequence[Score], **facts: str | int | None) -> "Row":
        """The row of these scores."""
        return cls.model_validate(
            {
                **facts,
                "points": sum(score.points for score in scores),
                "of": sum(score.of for score in scores),
                "reached": [score.name for score in scores if score.is_reached],
                "missed": [score.name for score in scores if not score.is_reached],
            }
        )


_ROWS = TypeAdapter(list[Row])


def kept(path: Path) -> list[Row]:
    """The rows of the file, none if there is no file; raises ValueError if it is not one of ours."""
    return _ROWS.validate_json(path.read_bytes()) if path.exists() else []


def keep(path: Path, row: Row) -> None:
    """Add a row; the file is whole at every moment."""
    rows = [*kept(path), row][-_MOST:]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps(_ROWS.dump_python(rows, mode="json"), indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105 - the atomic one


def before(rows: Sequence[Row], row: Row) -> Row | None:
    """The last evaluation with another prompt, else the last at all, that this one can be compared with."""
    alike = [old for old in rows if (old.model, old.briefs) == (row.model, row.briefs)]
    others = [old for old in alike if old.prompt != row.prompt]
    return next(reversed(others or alike), None)


def worse(row: Row, old: Row) -> str:
    """What got worse since then, in one sentence; "" if nothing did."""
    lost = sorted(set(old.reached) - set(row.reached))
    if row.points >= old.points and len(row.reached) >= len(old.reached):
        return ""
    what = f"{len(old.reached)} of {len(old.reached) + len(old.missed)} reached, {old.points} of {old.of} points"
    names = f"; no longer reached: {', '.join(lost)}" if lost else ""
    return f"Worse than {old.version} of {old.on[:10]} ({what}){names}."
