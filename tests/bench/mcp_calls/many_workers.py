"""One, two and four workers on PostgreSQL, beside raw inserts of as much into the same database: throughput and
how long the slowest took."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.config import Settings
from tests.bench.mcp_calls import scene
from tests.bench.mcp_calls.load import SUBMIT, Job, Load, Outcome
from tests.bench.mcp_calls.requests import MODERN
from tests.bench.mcp_calls.servers import doorward
from tests.running import free_port

TARGETS = ("list_access_requests", "search_apps", SUBMIT)
WORKERS = (1, 2, 4)
CONNECTIONS = (16, 64)
SECONDS = 4.0


@dataclass(frozen=True)
class Line:
    """What so many workers did."""

    workers: int
    connections: int
    target: str
    outcome: Outcome
    megabytes: float


def measure(folder: Path, url: str) -> list[Line]:
    """Return the table."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    ready = scene.prepare(Settings(data_dir=folder, database_url=url, port=port))
    load, lines, submitted = Load(), list[Line](), 0
    try:
        for workers in WORKERS:
            with doorward(folder, url, port, None, workers) as server:
                for connections in CONNECTIONS:
                    for target in TARGETS:
                        job = Job(
                            port,
                            target,
                            MODERN,
                            connections,
                            SECONDS,
                            ready.tokens,
                            ready.permissions,
                            submitted if target == SUBMIT else 0,
                        )
                        outcome = load.run(job)
                        if target == SUBMIT:
                            submitted += outcome.calls + connections
                        line = Line(workers, connections, target, outcome, server.megabytes())
                        lines.append(line)
    finally:
        load.close()
    return lines


def show(lines: list[Line], raw: float) -> None:
    """Print the table; `raw` is how many rows a second one connection inserts with a commit for each."""
    print("\nworkers on PostgreSQL")
    print(f"  raw inserts, one a commit: {raw:,.0f} a second")
    print(
        f"  {'tool, workers, connections':32}{'per second':>12}{'x 1 worker':>12}{'x raw':>8}"
        f"{'p50 ms':>9}{'p99 ms':>9}{'MB':>7}"
    )
    one_worker = {
        (one.target, one.connections): one.outcome.per_second for one in lines if one.workers == 1
    }
    for one in lines:
        rate = one.outcome.per_second
        name = f"{one.target} {one.workers}, {one.connections}"
        print(
            f"  {name:32}{rate:>12,.0f}{rate / one_worker[one.target, one.connections]:>12.2f}"
            f"{rate / raw:>8.2f}{one.outcome.p50:>9.2f}{one.outcome.p99:>9.2f}{one.megabytes:>7.0f}"
        )
