"""What of a source stands in the catalog."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from domain.ports import Rows

Standing = Callable[[Rows, Collection[str]], Iterator[str]]
AT_ONCE = 5_000


def standing_apps(rows: Rows, sources: Collection[str]) -> Iterator[str]:
    """Yield the apps of these sources by id."""
    return _standing(rows, "app", sources)


def standing_permissions(rows: Rows, sources: Collection[str]) -> Iterator[str]:
    """Yield the permissions of these sources by id."""
    return _standing(rows, "permission", sources)


def _standing(rows: Rows, table: str, sources: Collection[str]) -> Iterator[str]:
    if not sources:
        return
    marks, last = ", ".join("?" * len(sources)), ""
    while True:
        found = rows.select(
            f"SELECT {table}_id FROM {table} WHERE {table}_id > ? AND source IN ({marks}) "
            f"ORDER BY {table}_id LIMIT ?",
            (last, *sorted(sources), AT_ONCE),
        )
        yield from (str(key) for (key,) in found)
        if len(found) < AT_ONCE:
            return
        last = str(found[-1][0])
