"""A new row by one INSERT whose SQL is made once a table: on the busy paths `save` costs three times as much."""

from functools import cache
from typing import Any, Self

from django.db import DEFAULT_DB_ALIAS, connections, models

# What Django passes on as it is, after seven calls for each value.
_AS_IT_IS: dict[type[models.Field[Any, Any]], frozenset[type]] = {
    models.CharField: frozenset({str}),
    models.TextField: frozenset({str}),
    models.IntegerField: frozenset({int, type(None)}),
    models.ForeignKey: frozenset({int, type(None)}),
    models.BooleanField: frozenset({bool}),
}

# The attribute, the field, and the types of which it takes a value as it is.
_Column = tuple[str, "models.Field[Any, Any]", frozenset[type]]


class Inserting(models.Model):
    """A table whose rows are made often."""

    class Meta:
        abstract = True

    def insert(self) -> Self:
        """Write the new row, give it its key, return it. Defaults and automatic times count; no signal is sent."""
        # The connection itself: every look through Django's proxy for it is a look-up of this thread's.
        own = connections[DEFAULT_DB_ALIAS]
        sql, columns = self._insert_statement(own.vendor)
        row = self.__dict__
        values = [
            row[name] if type(row[name]) in given else field.get_db_prep_save(field.pre_save(self, add=True), own)
            for name, field, given in columns
        ]
        with own.cursor() as cursor:
            cursor.execute(sql, values)
            (self.pk,) = cursor.fetchone()
        self._state.adding = False
        self._state.db = own.alias
        return self

    @classmethod
    @cache
    def _insert_statement(cls, vendor: str) -> tuple[str, list[_Column]]:
        """The INSERT, whose key the database makes, and the columns that it takes in their order."""
        quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
        key = cls._meta.pk
        fields = [field for field in cls._meta.concrete_fields if field is not key]
        columns = ", ".join(quote(str(field.column)) for field in fields)
        marks = ", ".join(["%s"] * len(fields))
        table = quote(cls._meta.db_table)
        returning = quote(str(key.column))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING {returning}"  # noqa: S608 - ours
        return sql, [(field.attname, field, _as_it_is(field)) for field in fields]


def _as_it_is(field: models.Field[Any, Any]) -> frozenset[type]:
    return next((types for kind, types in _AS_IT_IS.items() if isinstance(field, kind)), frozenset())
