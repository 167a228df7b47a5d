"""Ends the sessions of a process that was stopped (paused, frozen, at a breakpoint) where PostgreSQL does not end
them by its own limits, since it is waiting for the process itself and looks at no clock:

- A transaction with the log's lock. `idle_in_transaction_session_timeout` is for one that has been answered: where
  statements travel together, as at a commit, that is at their end, and in between the server waits for ever. So it
  does for the next part of a COPY, and for somebody to read a result.
- The standing session, which holds duties. `idle_session_timeout` does not count while the server tells it that the
  log has grown, and what nobody reads fits in a socket only so many times.
- A query whose time is over (`statement_timeout`) while nobody reads its result. It would keep its tables from
  being dropped by the next version.

So every process looks now and then who waits so, and ends who still does at the same place after a while."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any

import psycopg

from adapters.postgres_connections import READ_SECONDS, STOPPED_SECONDS

LOOK_EVERY = 1.0
"""Seconds between looks."""
# Who only waits for the log's lock has the table's too, but waits for another.
_HAS_LOG = (
    "EXISTS (SELECT FROM pg_locks AS held WHERE held.pid = one.pid AND held.locktype = 'relation' "
    "AND held.database = one.datid AND held.relation = to_regclass('log_head') "
    "AND held.mode = 'RowShareLock' AND held.granted)"
)
_TIME_IS_OVER = (
    "one.application_name = 'doorward' AND one.wait_event = 'ClientWrite' "
    "AND one.state_change < clock_timestamp() - make_interval(secs => %s)"
)
_PLACE = "concat_ws(' ', one.pid, one.backend_start, one.state_change, part.bytes_processed)"
_WAITING = (
    "FROM pg_stat_activity AS one LEFT JOIN pg_stat_progress_copy AS part USING (pid) "
    "WHERE one.datname = current_database() AND one.wait_event IN ('ClientRead', 'ClientWrite') "
    f"AND (one.state = 'active' AND ({_HAS_LOG} OR {_TIME_IS_OVER}) "
    "OR one.state = 'idle' AND one.wait_event = 'ClientWrite' AND one.application_name = 'doorward session')"
)
_LOOK = f"SELECT {_PLACE} {_WAITING}"
_END = f"SELECT pg_terminate_backend(one.pid) {_WAITING} AND {_PLACE} = ANY(%s)"
_log = logging.getLogger(__name__)


class StoppedClients:
    """The looks of one process."""

    def __init__(self) -> None:
        self._look_at = 0.0
        self._since: dict[str, float] = {}
        """When each who waits was first seen at that place."""

    def attend(self, connection: psycopg.Connection[tuple[Any, ...]]) -> float:
        """End who has stopped, unless it was looked a moment ago; return in how many seconds to come again."""
        now = monotonic()
        if now < self._look_at:
            return self._look_at - now
        found = [str(place) for (place,) in connection.execute(_LOOK, (READ_SECONDS,))]
        self._since = {place: self._since.get(place, now) for place in found}
        stopped = [place for place, since in self._since.items() if now - since >= STOPPED_SECONDS]
        if stopped and connection.execute(_END, (READ_SECONDS, stopped)).fetchall():
            _log.warning(
                "PostgreSQL: a process stopped in the middle of something; its session was ended"
            )
        self._look_at = monotonic() + LOOK_EVERY
        return LOOK_EVERY
