"""The `Duties` port on PostgreSQL. A duty is an advisory lock of the standing session: it is free as soon as
that session ends, whatever becomes of the process. Whoever gets it begins an epoch in the table `duty`,
under the lock that orders all writers: so a transaction that found its tenure to be the newest, and holds
that lock, comes before everything that a later holder does, and one of a tenure that is over finds that out.

The lock lives in the server, and a process believes in it for `PATIENCE` seconds after it last asked
something that was answered. The server ends a session that has said nothing for longer than that (see
`postgres_session`), so that a process which was paused or cut off stops before another begins.

A process waits a moment longer for every duty that it has already, before it tries for one more: those that
have few get them. One that lacks some asks the others now and then, and who has at least two more gives it
half of what he has more."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import psycopg

from adapters import duty_table, log_table
from domain.duties import Duty, Tenure
from domain.ports import Clock, Rows

BEAT = 1.0
"""Seconds between questions to the server, which are tries for what is not held too."""
PATIENCE = 6.0
"""Seconds after the last answered question for which a duty counts as held."""
STAGGER = 0.02
"""Seconds to wait before the next try, for each duty that is held already."""
ASK_EVERY = 5.0
"""Seconds between asking others to share."""
FREE, SHARE = "free", "share"
"""What processes tell each other: that a duty is free; that one with so few would have these."""
_TAKE = (
    "SELECT key FROM unnest(%s::bigint[]) AS wanted (key) WHERE pg_try_advisory_lock(key) LIMIT 1"
)
_BEGIN = (
    "INSERT INTO duty (name, epoch, holder, since) VALUES (%s, 1, %s, %s) "
    "ON CONFLICT (name) DO UPDATE SET epoch = duty.epoch + 1, holder = excluded.holder, "
    "since = excluded.since RETURNING epoch"
)

Session = psycopg.Connection[tuple[Any, ...]]
_log = logging.getLogger(__name__)


class PostgresDuties:
    """The duties of one process. What the session's thread does is said at each method."""

    def __init__(self, holder: str, clock: Clock, poke: Callable[[], None]) -> None:
        """`holder` names this process; `poke` has the session's thread call `attend` soon."""
        self._holder = holder
        self._clock = clock
        self._poke = poke
        self._lock = threading.Lock()
        self._wanted: dict[Duty, Callable[[], None]] = {}
        self._held: dict[Duty, Tenure] = {}
        self._ending: set[Duty] = set()
        self._left: list[Duty] = []
        self._certain_until = 0.0
        self._try_at = 0.0
        self._ask_at = 0.0
        self._schema = ""

    def want(self, duty: Duty, changed: Callable[[], None]) -> None:
        """Try to hold a duty from now on."""
        with self._lock:
            self._wanted[duty] = changed
            self._try_at = min(self._try_at, self._turn())
        self._poke()

    def resign(self, duty: Duty) -> None:
        """Give a duty up, and want it no more."""
        with self._lock:
            self._wanted.pop(duty, None)
            self._ending.discard(duty)
            if self._held.pop(duty, None) is not None:
                self._left.append(duty)
        self._poke()

    def tenure(self, duty: Duty) -> Tenure | None:
        """Return the tenure while the duty is held for certain."""
        if monotonic() >= self._certain_until or duty in self._ending:
            return None
        return self._held.get(duty)

    def check(self, rows: Rows, tenure: Tenure) -> None:
        """Raise `TenureOver` unless this tenure is still the newest."""
        duty_table.check(rows, tenure)

    def begin(self, connection: Session) -> None:
        """Take a new session, on its thread."""
        row = connection.execute("SELECT current_schema()").fetchone()
        self._schema = str(row[0]) if row else ""
        self._try_at = 0.0
        self._ask_at = monotonic() + ASK_EVERY

    def attend(self, connection: Session) -> tuple[float, Sequence[str]]:
        """Give up what was left and try for what is wanted, on the session's thread. Return in how many
        seconds to come again, and what to tell the other processes."""
        if self._give_up(connection):
            self._try_at = self._turn()
            return 0, (FREE,)
        wait = self._try_at - monotonic()
        if wait > 0:
            return min(wait, BEAT), ()
        gained = self._try(connection)
        with self._lock:
            missing = [one for one in self._wanted if one not in self._held]
            held = len(self._held)
        if gained:
            self._try_at = self._turn()
            return 0, ()
        now = monotonic()
        self._try_at = now + BEAT
        if not missing or now < self._ask_at:
            return BEAT, ()
        self._ask_at = now + ASK_EVERY
        return BEAT, ("\n".join((SHARE, str(held), *missing)),)

    def hear(self, news: str) -> None:
        """Take what another process tells, on the session's thread."""
        match news.split("\n"):
            case ["free"]:
                self._try_at = self._turn()
            case ["share", number, *missing] if number.isdecimal():
                self._share(int(number), missing)

    def lost(self) -> None:
        """The session is gone, and with it every duty."""
        self._certain_until = 0.0
        with self._lock:
            self._left.clear()
            self._ending.clear()
            held, self._held = self._held, {}
            told = [self._wanted[duty] for duty in held if duty in self._wanted]
        for changed in told:
            changed()

    def leave(self, connection: Session) -> Sequence[str]:
        """Give everything up, on the session's thread; return what to tell the others."""
        held = bool(self._held) or bool(self._left)
        self.lost()
        connection.execute("SELECT pg_advisory_unlock_all()")
        return [FREE] if held else []

    def asked(self, sent: float) -> None:
        """The server has answered a question of that moment, on the session's thread. Raises where that
        came too late to have held anything in between."""
        if self._held and monotonic() >= self._certain_until > 0:
            raise psycopg.OperationalError("the server was silent for too long")
        self._certain_until = sent + PATIENCE

    def _turn(self) -> float:
        """Return when it is this process's turn to try for one more."""
        return monotonic() + STAGGER * len(self._held)

    def _try(self, connection: Session) -> bool:
        """Try for one of the duties that are wanted; without any, this is the heartbeat alone."""
        with self._lock:
            keys = {self._key(one): one for one in self._wanted if one not in self._held}
        sent = monotonic()
        row = connection.execute(_TAKE, (list(keys),)).fetchone()
        self.asked(sent)
        if row is None:
            return False
        duty = keys[int(row[0])]
        epoch = self._begun(connection, duty)
        with self._lock:
            changed = self._wanted.get(duty)
            if epoch is not None and changed is not None:
                self._held[duty] = Tenure(duty, epoch, self._clock())
        if epoch is None or changed is None:
            self._unlock(connection, duty)
            return False
        changed()
        return True

    def _begun(self, connection: Session, duty: Duty) -> int | None:
        """Begin an epoch; None where the log's lock could not be had soon."""
        try:
            with connection.transaction():
                # An epoch that a crash of the server could take back would come twice.
                connection.execute("SET LOCAL synchronous_commit = on")
                connection.execute(f"{log_table.SELECT_HEAD} FOR UPDATE")
                since = self._clock().isoformat()
                row = connection.execute(_BEGIN, (duty, self._holder, since)).fetchone()
        except psycopg.errors.LockNotAvailable:
            _log.warning("%s: the log is locked; trying again", duty)
            return None
        return int(row[0]) if row else None

    def _give_up(self, connection: Session) -> bool:
        with self._lock:
            left, self._left = self._left, []
        for duty in left:
            self._unlock(connection, duty)
        return bool(left)

    def _share(self, others: int, missing: Sequence[str]) -> None:
        """Let somebody who holds so many have half of what we have more, of what he lacks: their loops
        are ended first, and then resign them."""
        with self._lock:
            kept = len(self._held) - len(self._ending)
            ours = [one for one in self._held if one in missing and one not in self._ending]
            ending = ours[: max(kept - others, 0) // 2]
            self._ending.update(ending)
            told = [self._wanted[one] for one in ending if one in self._wanted]
        for changed in told:
            changed()

    def _unlock(self, connection: Session, duty: Duty) -> None:
        connection.execute("SELECT pg_advisory_unlock(%s)", (self._key(duty),))

    def _key(self, duty: Duty) -> int:
        """Return the lock's key: another for each schema, as each may be a Doorward of its own."""
        digest = hashlib.sha256(f"doorward duty\0{self._schema}\0{duty}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)
