"""One standing connection of a process to PostgreSQL, on a thread of its own: it hears from other processes
that the log has grown, tells them so itself, holds this process's duties (`postgres_duties`), and ends those
who have stopped (`postgres_stopped`).

What is told is a hint; polls are the floor. It is told after the commit and outside the log's transaction,
since NOTIFY takes a lock of the whole cluster at commit, and what comes close together is told once.

**How soon a lost process is noticed.** A process that dies takes its connection with it, and its duties are
free at once. One that is paused, or cut off, says nothing more: the server ends its session after `SILENCE`
(10 s), and the next process to try, within a second, has its duties. From its own side a process believes in
its duties for no longer than 6 s after it last asked something that was answered, so it stops before another
can begin. A connection on which bytes are not acknowledged for 6 s is given up; after any loss the thread
connects anew, with growing pauses. Needs PostgreSQL 14, and a connection that is the process's own: a pooler
in transaction mode would hand it on."""

from __future__ import annotations

import hashlib
import logging
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from time import monotonic
from typing import Any, cast

import psycopg

from adapters.postgres_connections import reached
from adapters.postgres_duties import PostgresDuties, Session
from adapters.postgres_stopped import StoppedClients
from domain.ports import Clock

SILENCE = 10
"""Seconds without a word after which the server ends the session."""
TOGETHER = 0.02
"""Seconds in which growth is told once."""
PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)
GOODBYE_SECONDS = 5.0
GROWN = "grown"
CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 2,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 6_000,
}
SETTINGS = (
    f"SET idle_session_timeout = '{SILENCE}s'",
    "SET lock_timeout = '2s'",
    "SET statement_timeout = '5s'",
    # To begin an epoch takes the log's lock: whoever is paused meanwhile would keep it, and all writers out.
    "SET idle_in_transaction_session_timeout = '5s'",
    # A hint needs no disk: without this the cluster's lock would be held for the time of an fsync.
    "SET synchronous_commit = off",
)
_log = logging.getLogger(__name__)


class PostgresSession:
    """The standing connection, from the first duty that is wanted or growth that is told until `close`."""

    def __init__(self, url: str, holder: str, clock: Clock, heard: Callable[[], None]) -> None:
        """`heard` is called, on the session's thread, when another process's commit may have been."""
        self._url = url
        self._heard = heard
        self.duties = PostgresDuties(holder, clock, self._poke)
        self._stopped = StoppedClients()
        self._thread = threading.Thread(target=self._run, name="doorward-session", daemon=True)
        self._starting = threading.Lock()
        self._poked, self._poking = socket.socketpair()
        for end in (self._poked, self._poking):
            end.settimeout(0)
        self._closing = False
        self._grown = False
        self._mute = False
        self._tell_at = 0.0
        self._channel = ""

    def announce(self) -> None:
        """Tell the other processes that the log has grown, from any thread and without waiting."""
        if not self._grown:
            self._grown = True
            self._poke()

    def close(self) -> None:
        """Tell what is still to be told, give every duty up and disconnect."""
        with self._starting:
            self._closing = True
        if self._thread.is_alive():
            self._poke()
            self._thread.join(GOODBYE_SECONDS)
        for end in (self._poked, self._poking):
            end.close()

    def _poke(self) -> None:
        """Have the thread look what there is to do; the first time, start it."""
        with self._starting:
            if self._closing:
                pass
            elif self._thread.ident is None:
                self._thread.start()
        # A full pipe wakes as well, and a closed one wakes nobody.
        with suppress(OSError):
            self._poking.send(b"!")

    def _run(self) -> None:
        attempt = 0
        while not self._closing:
            began = monotonic()
            try:
                with closing(self._connected()) as connection:
                    self._attend(connection)
            except psycopg.Error as fault:
                if attempt == 0:
                    why = " ".join(str(fault).split())
                    _log.warning("PostgreSQL: the standing session ended: %s", why)
            except Exception:  # noqa: BLE001 - without this thread every duty would be lost for good
                _log.exception("the standing session failed")
            finally:
                self.duties.lost()
            attempt = 0 if monotonic() - began > SILENCE else attempt + 1
            if not self._closing:
                self._rest(PAUSES[min(attempt, len(PAUSES) - 1)])

    def _connected(self) -> Session:
        connection = reached(self._url, application_name="doorward session", **CONNECTION)
        try:
            for setting in SETTINGS:
                connection.execute(cast("Any", setting))
            self.duties.begin(connection)
            self._channel = _channel(connection)
            connection.execute(cast("Any", f"LISTEN {self._channel}"))
        except BaseException:
            connection.close()
            raise
        return connection

    def _attend(self, connection: Session) -> None:
        """Do what there is to do over one connection, until it fails or all ends."""
        # Nobody knows what was told while there was no connection.
        self._heard()
        # Of this kind, since it needs no descriptor, of which there may be none left just now.
        with selectors.PollSelector() as both:
            both.register(connection.fileno(), selectors.EVENT_READ)
            both.register(self._poked, selectors.EVENT_READ)
            while not self._closing:
                pause, news = self.duties.attend(connection)
                for one in news:
                    self._tell(connection, one)
                pause = min(pause, self._tell_growth(connection), self._stopped.attend(connection))
                self._listen(connection)
                both.select(pause)
                self._drain()
                self._listen(connection)
        if self._grown:
            self._tell(connection, GROWN)
        for one in self.duties.leave(connection):
            self._tell(connection, one)

    def _tell_growth(self, connection: Session) -> float:
        """Tell that the log has grown, if so and not too soon; return when to look again."""
        if not self._grown:
            return SILENCE
        wait = self._tell_at - monotonic()
        if wait > 0:
            return wait
        self._grown = False
        self._tell(connection, GROWN)
        self._tell_at = monotonic() + TOGETHER
        return SILENCE

    def _tell(self, connection: Session, news: str) -> None:
        try:
            connection.execute("SELECT pg_notify(%s, %s)", (self._channel, news))
        except psycopg.errors.ProgramLimitExceeded as fault:
            # Somebody does not listen, of whatever database. They will look by themselves.
            if not self._mute:
                _log.warning("PostgreSQL: other processes cannot be told: %s", fault)
            self._mute = True
        else:
            self._mute = False

    def _listen(self, connection: Session) -> None:
        """Take what others have told."""
        for told in connection.notifies(timeout=0):
            if told.pid == connection.info.backend_pid:
                continue
            if told.payload == GROWN:
                self._heard()
            else:
                self.duties.hear(told.payload)

    def _rest(self, seconds: float) -> None:
        """Wait, or until all ends."""
        until = monotonic() + seconds
        with selectors.PollSelector() as pokes:
            pokes.register(self._poked, selectors.EVENT_READ)
            while not self._closing and (left := until - monotonic()) > 0:
                pokes.select(left)
                self._drain()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._poked.recv(4_096):
                pass


def _channel(connection: Session) -> str:
    """Return the channel of this schema: a database may hold several Doorwards."""
    row = connection.execute("SELECT current_schema()").fetchone()
    return "doorward_" + hashlib.sha256(str(row).encode()).hexdigest()[:16]
