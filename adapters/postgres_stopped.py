"""Ends the transaction of a process that was stopped in the middle of it, with the log's lock in its hands. The
server's own limit (`idle_in_transaction_session_timeout`) is for one that it has answered: a transaction whose last
statements travel together, as at a commit, is answered at their end, and in between the server waits for ever. So
every process looks now and then whether whoever has the log's lock has been silent for as long."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any

import psycopg

from adapters.postgres_connections import STOPPED_SECONDS

LOOK_EVERY = 1.0
"""Seconds between looks."""
# Who only waits for the lock has the table's too, but waits for another. A COPY is long one statement, and the server
# waits within it for each of its parts.
_END_STOPPED = (
    "SELECT pg_terminate_backend(one.pid) FROM pg_locks AS held JOIN pg_stat_activity AS one ON one.pid = held.pid "
    "WHERE held.locktype = 'relation' AND held.database = one.datid AND held.relation = to_regclass('log_head') "
    "AND held.mode = 'RowShareLock' AND held.granted AND one.state = 'active' AND one.wait_event = 'ClientRead' "
    "AND one.query NOT LIKE 'COPY %%' AND one.state_change < clock_timestamp() - make_interval(secs => %s)"
)
_log = logging.getLogger(__name__)


class StoppedWriters:
    """The looks of one process."""

    def __init__(self) -> None:
        self._look_at = 0.0

    def attend(self, connection: psycopg.Connection[tuple[Any, ...]]) -> float:
        """End who has stopped, unless it was looked a moment ago; return in how many seconds to come again."""
        wait = self._look_at - monotonic()
        if wait > 0:
            return wait
        ended = connection.execute(_END_STOPPED, (STOPPED_SECONDS,)).fetchall()
        if ended:
            _log.warning(
                "PostgreSQL: a process stopped in the middle of a write; its transaction was ended"
            )
        self._look_at = monotonic() + LOOK_EVERY
        return LOOK_EVERY
