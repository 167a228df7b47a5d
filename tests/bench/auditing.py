"""What an auditor does with a year's history, on both databases, beside a raw scan of the log: verifying,
rebuilding, looking back, taking decisions again; and how long a start takes, with little history and with
much. The year is simulated once and copied, as ``doorward store copy`` does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.key_file import KeyFile
from adapters.open_store import SQLITE, open_store
from adapters.system import utc_now
from domain.ports import EventStore
from server import shapes
from server.audit.batches import links_until
from server.audit.comparing import compare
from server.audit.looking_back.lists import EVERYTHING, Then
from server.audit.looking_back.names import Names
from server.audit.looking_back.tables import LISTINGS
from server.audit.replay.replaying import replay_decisions
from server.audit.verifying import verify
from server.config import Settings
from server.operations.read_models import catch_up
from server.rebuilding.groups import build, open_groups
from server.storing.copying import copy_store
from server.storing.kept import derived_tables, kept_tables
from server.wiring import FOLLOWED, INLINE, SCHEMA, open_system
from server.wiring.scratch import open_scratch
from server.wiring.stores import OWN_SCHEMA, scratch_for
from tests.bench.simulated_year import simulate

READ_MODELS = (*INLINE, *FOLLOWED)
REPLAYED = 30_000
"""Events whose decisions are taken again: the rate does not depend on how many they are."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was done, with how many events or items, in how many seconds."""

    name: str
    count: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Events or items a second."""
        return self.count / self.seconds if self.seconds else 0.0


def quiet(_done: int, _total: int) -> None:
    """Hear progress and say nothing."""


def simulated(folder: Path, events: int) -> str:
    """Simulate a year in a database of its own, with text about people sealed; return its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"{SQLITE}{folder / 'doorward.db'}"
    store = open_store(url, _keys(folder))
    simulate(store, events=events)
    shapes.make_all(store, INLINE, FOLLOWED, scratch_for(store), quiet)
    store.close()
    return url


def copied(folder: Path, source: str, destination: str) -> Line:
    """Copy a simulated year into an empty database, and make the read models there."""
    there, here = open_store(source, _keys(folder)), open_store(destination, _keys(folder))
    here.create(SCHEMA)
    kept = kept_tables((*SCHEMA, *OWN_SCHEMA), READ_MODELS)
    line = _timed(
        "store copy, verified",
        lambda: copy_store(there, here, kept, derived_tables(READ_MODELS), quiet).events,
    )
    shapes.make_all(here, INLINE, FOLLOWED, scratch_for(here), quiet)
    there.close()
    here.close()
    return line


def measure(folder: Path, url: str) -> list[Line]:
    """Do all that an auditor does, on one database."""
    store = open_store(url, _keys(folder))
    try:
        lines = [
            _timed("raw scan", lambda: _scan(store)),
            _timed("verify the chain", lambda: verify(store, {}, quiet).position),
            _timed("rebuild, all read models", lambda: _rebuilt(store)),
            _timed("compare them with a rebuild", lambda: _compared(store)),
        ]
        lines += [_looked_back(store, name) for name in LISTINGS]
    finally:
        store.close()
    lines.append(_started(folder, url))
    return lines


def replayed(folder: Path) -> Line:
    """Take the decisions of a part of a year again."""
    url = simulated(folder, REPLAYED)
    store = open_store(url, _keys(folder))
    line = _timed(
        "take decisions again",
        lambda: replay_decisions(store, open_scratch, INLINE, quiet).events,
    )
    store.close()
    return line


def small_start(folder: Path) -> Line:
    """Start on a history of a few thousand events."""
    return _started(folder, simulated(folder, 8_000))


def _keys(folder: Path) -> KeyFile:
    return KeyFile(folder / "personal.keys", utc_now)


def _scan(store: EventStore) -> int:
    return sum(len(links) for links in links_until(store, store.head()))


def _rebuilt(store: EventStore) -> int:
    with open_groups(scratch_for(store), INLINE, FOLLOWED) as groups:
        return build(store, groups, quiet)


def _compared(store: EventStore) -> int:
    differences = compare(store, scratch_for(store), INLINE, FOLLOWED, quiet)
    if differences:
        raise AssertionError(differences[0])
    return store.head()


def _looked_back(store: EventStore, name: str) -> Line:
    """Ask for a list in the middle of the year: half of the log lies before it."""
    position = store.head() // 2
    listing = LISTINGS[name]

    def ask() -> int:
        then = Then(store, open_scratch, position)
        return sum(1 for _ in listing.entries(then, EVERYTHING, Names(store, position)))

    return _timed(f"as of: {name}", ask)


def _started(folder: Path, url: str) -> Line:
    """Open everything that a server opens, and bring what follows up to date."""
    settings = Settings(data_dir=folder, database_url=url, nats_url="off")

    def start() -> int:
        with open_system(settings) as system:
            catch_up(system)
            return system.store.head()

    start()
    return _timed("start", start)


def _timed(name: str, work: Callable[[], int]) -> Line:
    began = time.perf_counter()
    count = work()
    return Line(name, count, time.perf_counter() - began)
