"""How long it takes to look back at each list of a store that is there, beside reading the log once from
end to end without decoding an event."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from adapters.key_file import KeyFile
from adapters.open_store import open_store
from adapters.system import utc_now
from domain.ports import EventStore
from server.audit.looking_back.lists import EVERYTHING, Then
from server.audit.looking_back.moments import moment_at, position_at
from server.audit.looking_back.names import Names
from server.audit.looking_back.tables import LISTINGS, Listing
from server.wiring.scratch import open_scratch


@dataclass(frozen=True, slots=True)
class Line:
    """A question, how many items the answer has, and how long it took."""

    name: str
    items: int
    seconds: float


def measure(url: str, keys: Path | None = None, *, part: float = 1.0) -> list[Line]:
    """Ask for every list as of a part of the log's length, and print how long each took. `keys` is the
    file of the master keys; without it text about people is not opened."""
    store = open_store(url, KeyFile(keys, utc_now) if keys else None)
    try:
        lines = _measured(store, int(store.head() * part))
    finally:
        store.close()
    raw = lines[0].seconds
    print(f"\nlooking back over {lines[0].items:,} events")
    print(f"  {'':32}{'items':>12}{'seconds':>10}{'x raw':>8}")
    for one in lines:
        print(f"  {one.name:32}{one.items:>12,}{one.seconds:>10.2f}{one.seconds / raw:>8.2f}")
    return lines


def _measured(store: EventStore, position: int) -> list[Line]:
    def raw() -> int:
        with store.read() as rows:
            sql = "SELECT position, state FROM event_log WHERE position <= ?"
            return len(rows.select(sql, (position,)))

    def time_to_position() -> int:
        moment = moment_at(store, position).recorded_at or datetime.min.replace(tzinfo=UTC)
        return min(1, position_at(store, moment, store.head()))

    def ask(listing: Listing) -> int:
        then, names = Then(store, open_scratch, position), Names(store, position)
        return len(list(listing.entries(then, EVERYTHING, names)))

    return [
        _timed("raw scan", raw),
        _timed("position of a time", time_to_position),
        *(_timed(name, partial(ask, listing)) for name, listing in LISTINGS.items()),
    ]


def _timed(name: str, work: Callable[[], int]) -> Line:
    began = time.perf_counter()
    items = work()
    return Line(name, items, time.perf_counter() - began)
