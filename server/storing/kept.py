"""Which tables hold what no event holds: all that the schema has, without those of read models. Nobody has
to remember a new table here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from projections.projection import Projection
from server import follower, shapes
from server.rebuilding.tables import Table, tables_of


def kept_tables(schema: Iterable[str], read_models: Sequence[Projection]) -> tuple[Table, ...]:
    """Return the tables of a schema that cannot be made anew from the log."""
    derived = {table.name for table in derived_tables(read_models)}
    return tuple(table for table in tables_of(schema) if table.name not in derived)


def derived_tables(read_models: Sequence[Projection]) -> tuple[Table, ...]:
    """Return the tables of read models, and of how far they are."""
    of_read_models = [statement for one in read_models for statement in one.schema]
    return tables_of((*of_read_models, *follower.SCHEMA, *shapes.SCHEMA))
