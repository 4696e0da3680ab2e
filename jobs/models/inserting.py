"""A new row by one INSERT whose SQL is made once a table: on the busy paths `save` costs three times as much."""

from functools import cache
from typing import Any, Self

from django.db import DEFAULT_DB_ALIAS, connections, models


class Inserting(models.Model):
    """A table whose rows are made often."""

    class Meta:
        abstract = True

    def insert(self) -> Self:
        """Write the new row, give it its key, return it. Defaults and automatic times count; no signal is sent."""
        # The connection itself: every look through Django's proxy for it is a look-up of this thread's.
        own = connections[DEFAULT_DB_ALIAS]
        sql, fields = self._insert_statement(own.vendor)
        values = [field.get_db_prep_save(field.pre_save(self, add=True), connection=own) for field in fields]
        with own.cursor() as cursor:
            cursor.execute(sql, values)
            (self.pk,) = cursor.fetchone()
        self._state.adding = False
        self._state.db = own.alias
        return self

    @classmethod
    @cache
    def _insert_statement(cls, vendor: str) -> tuple[str, list[models.Field[Any, Any]]]:
        """The INSERT, whose key the database makes, and the fields that it takes in their order."""
        quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
        key = cls._meta.pk
        fields = [field for field in cls._meta.concrete_fields if field is not key]
        columns = ", ".join(quote(str(field.column)) for field in fields)
        marks = ", ".join(["%s"] * len(fields))
        table = quote(cls._meta.db_table)
        returning = quote(str(key.column))
        return f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING {returning}", fields  # noqa: S608 - ours
