"""Read models whose tables have another shape than when they were last written: an upgrade makes them anew
from the log, all in one transaction before anything is served, so that nobody has to know of it. What
no event holds (tokens, sessions, outboxes) is no read model and is not touched."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence

from domain.ports import EventStore, Rows
from projections.projection import Projection
from server.rebuild import rebuild
from server.scratch import Scratch

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS read_model_shape ("
    "projection TEXT PRIMARY KEY, digest TEXT NOT NULL)",
)
_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")

_log = logging.getLogger(__name__)


def adopt(
    store: EventStore,
    inline: Sequence[Projection],
    followed: Sequence[Projection],
    scratch: Scratch | None = None,
) -> tuple[str, ...]:
    """Make the tables of all read models as they are to be, filled from the log where they were not (see
    `rebuild`); return the names of those that were."""
    with store.write() as transaction:
        rows = transaction.rows
        known = {
            str(name): str(digest)
            for name, digest in rows.select("SELECT projection, digest FROM read_model_shape")
        }
        changed = [one for one in (*inline, *followed) if known.get(one.name) != _digest(one)]
        for one in changed:
            _make_anew(rows, one)
        if changed and transaction.head:
            _tell(changed, known)
            rebuild(
                transaction,
                [one for one in inline if one in changed],
                [one for one in followed if one in changed],
                lambda _done, _total: None,
                scratch,
            )
    return tuple(one.name for one in changed)


def _tell(changed: Sequence[Projection], known: Mapping[str, str]) -> None:
    """Say which read models are made anew, and why: of a store that was restored no shape is known, what an
    earlier version wrote has another."""
    other = ", ".join(one.name for one in changed if one.name in known)
    absent = ", ".join(one.name for one in changed if one.name not in known)
    if other:
        _log.warning("read models of another shape are made anew from the log: %s", other)
    if absent:
        _log.warning(
            "read models not known here yet, as after a restore, are made from the log: %s", absent
        )


def foreign(rows: Rows, projections: Sequence[Projection]) -> tuple[str, ...]:
    """Return the read models whose tables another version has made otherwise since this process began."""
    known = {
        str(name): str(digest)
        for name, digest in rows.select("SELECT projection, digest FROM read_model_shape")
    }
    return tuple(one.name for one in projections if known.get(one.name) != _digest(one))


def make_all(
    store: EventStore,
    inline: Sequence[Projection],
    followed: Sequence[Projection],
    scratch: Scratch,
    report: Callable[[int, int], None],
) -> None:
    """Make the tables of all read models, filled from a log that has just been put there."""
    with store.write() as transaction:
        for one in (*inline, *followed):
            _make_anew(transaction.rows, one)
        rebuild(transaction, inline, followed, report, scratch)


def _make_anew(rows: Rows, projection: Projection) -> None:
    for statement in projection.schema:
        table = _TABLE.match(statement)
        if table is not None:
            rows.execute(f"DROP TABLE IF EXISTS {table[1]}")
    for statement in projection.schema:
        rows.execute(statement)
    rows.execute(
        "INSERT INTO read_model_shape (projection, digest) VALUES (?, ?) "
        "ON CONFLICT (projection) DO UPDATE SET digest = excluded.digest",
        (projection.name, _digest(projection)),
    )


def _digest(projection: Projection) -> str:
    return hashlib.blake2b("\n".join(projection.schema).encode(), digest_size=12).hexdigest()
