"""Ten minutes of a mixed load at a steady pace, and what memory does meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression

from server.config import Settings
from tests.bench.mcp_calls import scene
from tests.bench.mcp_calls.load import SUBMIT, Job, Load
from tests.bench.mcp_calls.requests import ERAS
from tests.bench.mcp_calls.servers import doorward
from tests.running import free_port

PACE = (("list_access_requests", 150.0), ("search_apps", 100.0), (SUBMIT, 50.0))
"""Calls a second, for a third of the time each."""
MINUTES = 10
SLICE_SECONDS = 5.0
CONNECTIONS = 8


@dataclass(frozen=True)
class Sample:
    """Memory at one moment."""

    minute: float
    megabytes: float
    calls: int
    p99: float


def measure(folder: Path, minutes: float = MINUTES) -> list[Sample]:
    """Return how memory went, a sample for each slice."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    ready = scene.prepare(Settings(data_dir=folder, port=port))
    load, samples, submitted, calls, turn = Load(), list[Sample](), 0, 0, 0
    try:
        with doorward(folder, "", port, None) as server:
            began = time.monotonic()
            while time.monotonic() - began < 60 * minutes:
                (target, pace), era = PACE[turn % len(PACE)], ERAS[turn // len(PACE) % len(ERAS)]
                job = Job(
                    port,
                    target,
                    era,
                    CONNECTIONS,
                    SLICE_SECONDS,
                    ready.tokens,
                    ready.permissions,
                    submitted if target == SUBMIT else 0,
                    pace,
                )
                outcome = load.run(job)
                turn += 1
                calls += outcome.calls
                if target == SUBMIT:
                    submitted += outcome.calls + CONNECTIONS
                minute = (time.monotonic() - began) / 60
                samples.append(Sample(minute, server.megabytes(), calls, outcome.p99))
    finally:
        load.close()
    return samples


def show(samples: list[Sample]) -> None:
    """Print memory at each minute, and its slope over the later half."""
    print(f"\na soak of {samples[-1].minute:.0f} minutes, one worker, SQLite")
    print(f"  {'minute':32}{'MB':>12}{'calls':>12}{'p99 ms':>10}")
    minute = 0
    for one in samples:
        if one.minute >= minute:
            print(f"  {one.minute:<32.1f}{one.megabytes:>12.1f}{one.calls:>12,}{one.p99:>10.2f}")
            minute += 1
    late = samples[len(samples) // 2 :]
    slope, _ = linear_regression([one.calls for one in late], [one.megabytes for one in late])
    print(f"  {'KB a thousand calls, later half':32}{slope * 1_024 * 1_000:>12.1f}")
