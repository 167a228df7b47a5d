"""Metrics of a server of several processes: whichever worker answers, answers for all."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import RunningServer
from tests.telemetry.scraping import Scraped, parsed

WORKERS = 2


@pytest.fixture
def served(tmp_path: Path, postgres_url: str) -> Iterator[RunningServer]:
    """A server of two workers."""
    settings = {"DOORWARD_DATABASE_URL": postgres_url, "DOORWARD_NATS_URL": "off"}
    arguments = ("serve", "--demo", "--workers", str(WORKERS))
    running = RunningServer(tmp_path / "data", settings, arguments).start()
    yield running
    running.stop()


def scrape(server: RunningServer) -> Scraped:
    """Ask over a connection of its own: any worker may take it."""
    return parsed(httpx.get(f"{server.issuer}/metrics", timeout=30).text)


def until(server: RunningServer, there: Callable[[Scraped], bool]) -> Scraped:
    """Ask until what is asked for is there."""
    deadline = time.monotonic() + 60
    while True:
        # A worker that is killed takes the request with it that it was answering.
        with contextlib.suppress(httpx.TransportError):
            found = scrape(server)
            if there(found):
                return found
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.05)


def pids(metrics: Scraped) -> set[int]:
    """Return the processes that tell their memory."""
    memory = "doorward_process_resident_memory_bytes"
    return {int(labels["pid"]) for name, labels, _value in metrics.samples if name == memory}


def test_any_worker_answers_for_all_and_the_dead_are_forgotten(served: RunningServer) -> None:
    until(served, lambda found: found.value("doorward_workers") == WORKERS)
    asked = 40
    for _ in range(asked):
        httpx.get(f"{served.issuer}/readyz", timeout=30)
    counted = ("doorward_http_requests_total", {"route": "/readyz", "status": "200"})
    metrics = until(served, lambda found: found.value(counted[0], **counted[1]) == asked)
    assert metrics.value("doorward_store_up") == 1
    assert {name for name, _labels, _value in metrics.samples} >= {
        "doorward_log_position",
        "doorward_projection_lag_events",
    }
    before = pids(metrics)
    assert len(before) == WORKERS
    os.kill(min(before), signal.SIGKILL)
    after = until(
        served,
        lambda found: (
            min(before) not in pids(found) and found.value("doorward_workers") == WORKERS
        ),
    )
    assert len(pids(after)) == WORKERS
    # What the dead one had counted is not gone with it.
    assert after.value(counted[0], **counted[1]) == asked


def test_a_duty_is_held_by_one_worker(served: RunningServer) -> None:
    held = "doorward_duties_held"
    found = until(
        served,
        lambda metrics: (
            metrics.value("doorward_workers") == WORKERS
            and metrics.value(held, duty="timers") == 1
            and metrics.value(held, duty="following catalog") == 1
        ),
    )
    assert found.value("doorward_duties_failing") == 0
