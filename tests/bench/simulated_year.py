"""A store filled with a year's history of a company, by the real command bus with the real handlers,
read models and reactions, and what came of it: how long it took, of which events it consists, how large it
is. The catalog's read model follows the log, here as everywhere: it is left to whoever opens the store."""

from __future__ import annotations

import gc
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from adapters.open_store import MEMORY, SQLITE, open_store
from domain.access_request import LetTimePass
from domain.ports import EventStore
from domain.review import RemindReviewers
from projections.timers import due_by
from server import follower, shapes
from server.command_bus import CommandBus, UnitOfWork
from server.handlers import HANDLERS
from server.reactions import REACTIONS
from server.timers import TIMER
from server.wiring import FOLLOWED, INLINE, SCHEMA
from tests.bench.simulation import office
from tests.bench.simulation.answering import Answering
from tests.bench.simulation.asking import Asking
from tests.bench.simulation.connections import Connections
from tests.bench.simulation.directory import Directory
from tests.bench.simulation.rules import Rules
from tests.bench.simulation.scene import DAY, MINUTE, Scene
from tests.bench.simulation.shelf import Shelf

YEAR = timedelta(days=365)
BATCH = 200
"""Commands in one job: they share the cost of a commit."""
TIMERS_EVERY = 15 * MINUTE
DUE_AT_ONCE = 100
EVENTS_OF_A_VISIT = 8.0
"""More or less, with all that follows from it; what is off is corrected from day to day."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was done: so many commands led to so many events, by topic, in so many seconds."""

    events: int
    commands: int
    seconds: float
    mix: Mapping[str, int]
    begins: datetime
    ends: datetime

    @property
    def per_second(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    def share(self, kind: str) -> float:
        """Return the share of the events whose topic begins with this word."""
        found = sum(n for topic, n in self.mix.items() if topic.partition(".")[0] == kind)
        return found / self.events


def simulate(
    store_url: str | EventStore,
    *,
    events: int,
    seed: int = 1,
    people: int = 2_000,
    apps: int = 200,
    until: datetime | None = None,
    report: Callable[[int, int], None] | None = None,
) -> Simulated:
    """Fill an empty store with about so many events of the year before `until` (the present moment,
    unless it is given). Founding a company takes some of them: about two for each of its people and
    ten for each app. `report` hears how many events there are, and of how many."""
    given = store_url if not isinstance(store_url, str) else None
    store = given or open_store(str(store_url))
    ends = (until or datetime.now(UTC)).astimezone(UTC)
    try:
        _make_tables(store)
        if store.head():
            raise ValueError("the store is not empty")
        year = Year(store, events, seed, ends, (people, apps))
        with _uncollected():
            return year.pass_by(report or (lambda _done, _of: None))
    finally:
        if given is None:
            store.close()


def _make_tables(store: EventStore) -> None:
    """Make all tables as a server does, so that one can be started on the store."""
    store.create((*shapes.SCHEMA, *follower.SCHEMA))
    shapes.adopt(store, INLINE, FOLLOWED)
    store.create(SCHEMA)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Do without the garbage collector: there are hardly any cycles, and very many objects."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Year:
    """The year as it passes: each day has as many visits as bring the history nearer to its size."""

    def __init__(
        self, store: EventStore, events: int, seed: int, ends: datetime, size: tuple[int, int]
    ) -> None:
        """`size` says how many people and apps the company begins with."""
        begins = (ends - YEAR).replace(hour=0, minute=0, second=0, microsecond=0)
        self.begins, self.ends = begins, ends
        self._until = ends.timestamp()
        self._events = events
        self.scene = scene = Scene(seed, begins)
        self._bus = CommandBus(
            store, HANDLERS, (*INLINE, scene.watching()), scene.new_id, reactions=REACTIONS
        )
        rules, directory = Rules(scene), Directory(scene, size[0])
        shelf = Shelf(scene, directory, rules, size[1])
        self._asking = Asking(scene, directory, shelf, Connections(scene))
        self._answering = Answering(scene, directory)
        for founded in (rules, directory, shelf):
            founded.found()
        first, days = scene.at, range(1 + int((self._until - scene.at) // DAY))
        self._busy = {
            day: office.busyness(day, self._until) for day in (first + at * DAY for at in days)
        }
        self._left = sum(self._busy.values())
        self._over = False
        scene.plan(scene.at + MINUTE, self._day)
        scene.plan(scene.at + TIMERS_EVERY, self._timers)

    def pass_by(self, report: Callable[[int, int], None]) -> Simulated:
        """Let the year pass."""
        self._bus.start()
        began = time.perf_counter()
        try:
            while not self._over:
                fault = self._bus.call_blocking(self._job)
                if fault is not None:
                    raise fault
                report(self.scene.mix.total(), self._events)
        finally:
            self._bus.close()
        took = time.perf_counter() - began
        mix, commands = dict(self.scene.mix.most_common()), self.scene.commands
        return Simulated(sum(mix.values()), commands, took, mix, self.begins, self.ends)

    def _job(self, work: UnitOfWork) -> Exception | None:
        """Let the next things happen; return what went wrong. (Were it raised, the writer would try
        the job again, and by then the plan would be another.)"""
        scene = self.scene
        scene.work, enough = work, scene.commands + BATCH
        try:
            while scene.commands < enough and not self._over:
                self._over = not scene.step(self._until)
        except Exception as fault:  # noqa: BLE001 - raised where nobody tries it again
            return fault
        return None

    def _day(self) -> None:
        """Plan the visits of a day, as many as its share of the events that are missing."""
        scene = self.scene
        day = scene.at // DAY * DAY
        missing = max(0, self._events - scene.work.head)
        share = self._busy.pop(day) / (self._left or 1.0)
        self._left = sum(self._busy.values())
        for _ in range(round(missing * share / EVENTS_OF_A_VISIT)):
            scene.plan(office.visit_time(scene.chance, day), self._asking.visit)
        if self._busy:
            scene.plan(day + DAY, self._day)

    def _timers(self) -> None:
        """Do all that is due, as the server's timers do."""
        scene = self.scene
        while due := due_by(scene.work.rows, scene.now, DUE_AT_ONCE):
            changed = 0
            for one in due:
                kind = RemindReviewers if one.review else LetTimePass
                # What one timer does may have settled what another was set for.
                changed += scene.do(kind(one.request_id, scene.now), TIMER).changed
            if not changed:
                raise AssertionError(f"the timer of request {due[0].request_id} has no effect")
        scene.plan(scene.at + TIMERS_EVERY, self._timers)


def main(asked: Sequence[str]) -> None:
    """Measure a year as the command line asks for it."""
    parser = ArgumentParser("python -m tests.bench year")
    parser.add_argument("events", type=int)
    parser.add_argument("--url", help="of an empty database; else a file that is then removed")
    wish = parser.parse_args(asked)
    measure(wish.events, wish.url)


def measure(events: int, url: str | None = None) -> None:
    """Simulate a year and print what came of it; without a URL in a file that is then removed."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        where = url or f"{SQLITE}{name}/year.db"
        done = simulate(where, events=events)
        print(f"\na year of {done.events:,} events by {done.commands:,} commands")
        print(f"  {done.seconds:.1f} s, {done.per_second:,.0f} events a second")
        print(f"  {_bytes_of(where) / 2**20:,.0f} MiB")
        for topic, count in done.mix.items():
            print(f"  {topic:48}{count:>12,}{count / done.events:>8.2%}")


def _bytes_of(url: str) -> int:
    """Return how large a database is."""
    if url == MEMORY:
        return 0
    if url.startswith(SQLITE):
        return Path(url.removeprefix(SQLITE)).stat().st_size
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(found[0]) if found else 0
