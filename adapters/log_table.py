"""The log's two tables and the statements on them, the same for both databases but for the type
of bytes, the placeholder and the trigger that forbids changing history. `event_log` has one row
an event, `log_head` one row in all: whoever writes locks it first, which makes positions dense
and their order that of the commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn, cast

from eventsourcing.persistence import Notification, StoredEvent

from domain.chain import GENESIS

COLUMNS = "originator_id, originator_version, topic, state"

INSERT_EVENT = f"INSERT INTO event_log (position, {COLUMNS}, hash) VALUES (?, ?, ?, ?, ?, ?)"
SELECT_HEAD = "SELECT position, hash FROM log_head WHERE one = 1"
UPDATE_HEAD = "UPDATE log_head SET position = ?, hash = ? WHERE one = 1"
SELECT_POSITION = "SELECT position FROM log_head WHERE one = 1"
SELECT_STREAM_RECORDED = (
    f"SELECT position, {COLUMNS} FROM event_log "
    "WHERE originator_id = ? ORDER BY originator_version"
)
SELECT_LINKS = (
    f"SELECT position, {COLUMNS}, hash FROM event_log WHERE position > ? ORDER BY position LIMIT ?"
)
SELECT_ALL_LINKS = f"SELECT position, {COLUMNS}, hash FROM event_log ORDER BY position"
SELECT_STREAMS_AFTER = "SELECT DISTINCT originator_id FROM event_log WHERE position > ?"
INSERT_HEAD = (
    "INSERT INTO log_head (one, position, hash) VALUES (1, 0, ?) ON CONFLICT (one) DO NOTHING"
)
INSERT_HEAD_PARAMS = (GENESIS,)


def create_tables(*, position_type: str, bytes_type: str) -> list[str]:
    """Return the statements that create the log's tables, in the database's own types."""
    return [
        "CREATE TABLE IF NOT EXISTS event_log ("
        f"position {position_type} PRIMARY KEY, originator_id TEXT NOT NULL, "
        f"originator_version BIGINT NOT NULL, topic TEXT NOT NULL, state {bytes_type} NOT NULL, "
        f"hash {bytes_type} NOT NULL, UNIQUE (originator_id, originator_version))",
        "CREATE TABLE IF NOT EXISTS log_head ("
        "one INTEGER PRIMARY KEY CHECK (one = 1), position BIGINT NOT NULL, "
        f"hash {bytes_type} NOT NULL)",
    ]


def events_of_stream(
    originator_id: str,
    gt: int | None,
    lte: int | None,
    limit: int | None,
    *,
    desc: bool,
) -> tuple[str, list[str | int]]:
    """Return the query, and its parameters, for part of one stream."""
    sql = f"SELECT {COLUMNS} FROM event_log WHERE originator_id = ?"
    params: list[str | int] = [originator_id]
    for clause, bound in (
        (" AND originator_version > ?", gt),
        (" AND originator_version <= ?", lte),
    ):
        if bound is not None:
            sql += clause
            params.append(bound)
    sql += " ORDER BY originator_version" + (" DESC" if desc else "")
    if limit is not None:
        sql += " LIMIT ?"
        params.append(limit)
    return sql, params


def notifications(
    start: int | None,
    stop: int | None,
    topics: Sequence[str],
    limit: int,
    *,
    inclusive: bool,
) -> tuple[str, list[str | int]]:
    """Return the query, and its parameters, for part of the log in the order of positions."""
    sql = f"SELECT position, {COLUMNS} FROM event_log"
    clauses: list[str] = []
    params: list[str | int] = []
    if start is not None:
        clauses.append("position >= ?" if inclusive else "position > ?")
        params.append(start)
    if stop is not None:
        clauses.append("position <= ?")
        params.append(stop)
    if topics:
        clauses.append(f"topic IN ({', '.join('?' * len(topics))})")
        params.extend(topics)
    if clauses:
        sql += " WHERE " + " AND ".join(clauses)
    params.append(limit)
    return sql + " ORDER BY position LIMIT ?", params


def stored_event(row: Sequence[object]) -> StoredEvent:
    """Return the stored event of a row of `COLUMNS`."""
    return StoredEvent(*cast("tuple[str, int, str, bytes]", tuple(row)))


def notification(row: Sequence[object]) -> Notification:
    """Return the notification of a row of position and `COLUMNS`."""
    position, *stored = row
    return Notification(
        *cast("tuple[str, int, str, bytes]", tuple(stored)), id=cast("int", position)
    )


def refuse_subscription(gt: int | None, topics: Sequence[str]) -> NoReturn:
    """Refuse the library's subscriptions: they miss wake-ups and hang; followers poll too."""
    msg = f"follow the log by position instead (asked: after {gt}, topics {list(topics)})"
    raise NotImplementedError(msg)
