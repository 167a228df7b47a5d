"""What a whole call costs as the store grows, from the socket and back: the same people's calls to servers with
stores of several sizes, by turns in one run. The people who call are a few hundred in each; who has called once
has called again since, so that no store is asked for the first time in weeks."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from domain.values import PersonId
from server.command_bus import UnitOfWork
from server.config import Settings
from server.wiring import System, open_system
from tests.bench import grown_store as grown
from tests.bench.mcp_calls.load import SUBMIT, Job, Load
from tests.bench.mcp_calls.requests import MODERN
from tests.bench.mcp_calls.servers import Measured, doorward, processors
from tests.connected_clients import connected
from tests.running import free_port

TARGETS = ("list_access_requests", "search_apps", SUBMIT)
PEOPLE, PERMISSIONS = 200, range(200, 280)
ROUNDS, SECONDS, CONNECTIONS = 5, 1.5, 16
SIGNED_WITHIN = 900.0
"""Seconds until a server has followed the log to its end, which it signs."""


@dataclass
class Line:
    """The microseconds of processor time that one call takes of each server, round by round."""

    target: str
    costs: list[list[float]] = field(default_factory=list)

    @property
    def least(self) -> list[float]:
        """The least of all rounds, for each server."""
        return [min(of_one) for of_one in zip(*self.costs, strict=True)]


@dataclass
class Running:
    """A server with a grown store, and whose calls it takes."""

    server: Measured
    tokens: tuple[str, ...]
    submitted: int = 0

    def cost(self, load: Load, target: str) -> float:
        """Call for a while; return the microseconds of processor time that a call took."""
        job = Job(
            self.server.port,
            target,
            MODERN,
            CONNECTIONS,
            SECONDS,
            self.tokens,
            tuple(map(grown.permission_of, PERMISSIONS)),
            self.submitted if target == SUBMIT else 0,
            app=grown.APP,
        )
        before = self.server.processor_seconds()
        outcome = load.run(job)
        if target == SUBMIT:
            self.submitted += outcome.calls + CONNECTIONS
        return 1e6 * (self.server.processor_seconds() - before) / outcome.calls


def measure(folder: Path, sizes: Sequence[int]) -> list[Line]:
    """Return what calls cost, least first."""
    ours, client = processors()
    load = Load(client)
    try:
        with ExitStack() as opened:
            running = [
                opened.enter_context(_running(folder / str(one), one, ours)) for one in sizes
            ]
            lines = [Line(target) for target in TARGETS]
            for round_ in range(-1, ROUNDS):
                for line in lines:
                    costs = [one.cost(load, line.target) for one in running]
                    if round_ >= 0:
                        line.costs.append(costs)
            return lines
    finally:
        load.close()


@contextmanager
def _running(folder: Path, size: int, cpu: int | None) -> Iterator[Running]:
    folder.mkdir(parents=True)
    settings = Settings(data_dir=folder, port=free_port())
    grown.grow(settings.store_url, size)
    with open_system(settings) as system:
        people = grown.Company(size).people
        chosen = [grown.person_of(at * people // PEOPLE) for at in range(PEOPLE)]
        tokens = system.bus.call_blocking(partial(_connected, system=system, people=chosen))
    # Without NATS: a log that was made in a minute would be published for an hour.
    with doorward(folder, "", settings.port, cpu, DOORWARD_NATS_URL="off") as server:
        _await_signed(settings.port)
        yield Running(server, tuple(tokens))


def _connected(work: UnitOfWork, system: System, people: list[PersonId]) -> list[str]:
    return [connected(work, system, one, system.clock()) for one in people]


def _await_signed(port: int) -> None:
    """Let a server finish what it does once, when it first meets a long log."""
    until = time.monotonic() + SIGNED_WITHIN
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            told = json.load(answer)
        if told["checkpoint"]["position"] > 0:
            return
        assert time.monotonic() < until
        time.sleep(0.5)


def show(sizes: Sequence[int], lines: list[Line]) -> None:
    """Print the costs, and their ratios to that with the smallest store."""
    print(
        "\na call as the store grows, one worker, SQLite: microseconds of processor time, least of rounds"
    )
    print(f"  {'requests in store':32}" + "".join(f"{one:>14,}{'x':>7}" for one in sizes))
    for line in lines:
        least = line.least
        cells = "".join(f"{one:>14,.0f}{one / least[0]:>7.2f}" for one in least)
        print(f"  {line.target:32}{cells}")
