"""Write fences of the tables: a state changes in jobs/lifecycle/moves.py and jobs/queue.py, nowhere else."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

from jobs.models.inserting import Inserting

_Model = TypeVar("_Model", bound=models.Model)


class FencedWrite(Exception):
    """A write went past the door that it has to use; the message names the door."""


class StateQuerySet(models.QuerySet[_Model]):
    """Refuses to write `state`: `moves.move` and the claims of `jobs.queue` use `update_state`."""

    def update(self, **changes: Any) -> int:
        """Update anything but the state; return the number of rows."""
        if "state" in changes:
            raise FencedWrite("states change through jobs.lifecycle.moves.move")
        return super().update(**changes)

    def bulk_update(self, objs: Iterable[_Model], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Update anything but the state; return the number of rows."""
        if "state" in set(fields):
            raise FencedWrite("states change through jobs.lifecycle.moves.move")
        return super().bulk_update(objs, fields, batch_size=batch_size)

    def update_state(self, *, state: str, **changes: Any) -> int:
        """Update the rows that still match, state included; return how many did. For the two doors only."""
        return super().update(state=state, **changes)


class AppendOnlyQuerySet(models.QuerySet[_Model]):
    """Refuses update and delete: what happened stays as it was written."""

    def update(self, **changes: Any) -> int:
        """Always raises FencedWrite."""
        raise FencedWrite(f"{self.model.__name__} rows are append-only")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Always raises FencedWrite; pruning whole jobs goes through `prune`."""
        raise FencedWrite(f"{self.model.__name__} rows are append-only; whole jobs go by manage.py prune")


class Stateful(Inserting):
    """A row with a state: a new one may be saved, a present one keeps its state in `save`."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; on a row that exists already, every field but the state."""
        if self._state.adding:
            # Without it, a new object with the key of a present row would write over that row, state included.
            kwargs["force_insert"] = True
        if self.pk is not None and not self._state.adding and kwargs.get("update_fields") is None:
            names = (f.name for f in self._meta.concrete_fields if not f.primary_key)
            kwargs["update_fields"] = [name for name in names if name != "state"]
        if not self._state.adding and "state" in (kwargs.get("update_fields") or ()):
            raise FencedWrite("states change through jobs.lifecycle.moves.move")
        super().save(*args, **kwargs)


class AppendOnly(Inserting):
    """A row of history: added once, then neither changed nor deleted; only a whole job takes its own along."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; raises FencedWrite for one that exists already."""
        if not self._state.adding:
            raise FencedWrite(f"{type(self).__name__} rows are append-only")
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Always raises FencedWrite."""
        raise FencedWrite(f"{type(self).__name__} rows are append-only; whole jobs go by manage.py prune")
