"""One worker beside the SDK's tool that does nothing: both eras of the protocol, one connection and sixteen,
every target in turn, three rounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from server.config import Settings
from tests.bench.mcp_calls import scene
from tests.bench.mcp_calls.load import SUBMIT, Job, Load, Outcome
from tests.bench.mcp_calls.requests import ERAS, TOOLS_LIST
from tests.bench.mcp_calls.scene import Scene
from tests.bench.mcp_calls.servers import Measured, at_rest, doorward, noop_server, processors
from tests.running import free_port

NOOP = "noop"
TARGETS = (NOOP, "list_access_requests", "search_apps", SUBMIT, TOOLS_LIST)
CONNECTIONS = (1, 16)
ROUNDS, SECONDS = 3, 2.0


@dataclass
class Line:
    """What calling one target came to, over all rounds; `against` are the ratios to the tool that does
    nothing, each within its round."""

    target: str
    era: str
    connections: int
    outcomes: list[Outcome] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    against: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return median(one.per_second for one in self.outcomes)

    @property
    def p50(self) -> float:
        return median(one.p50 for one in self.outcomes)

    @property
    def p99(self) -> float:
        return median(one.p99 for one in self.outcomes)

    @property
    def microseconds(self) -> float:
        """Processor time of the server, a call."""
        return median(self.processor)

    @property
    def ratio(self) -> float:
        return median(self.against)


@dataclass
class Bench:
    """Both servers, the client, and how far the submissions have come."""

    ready: Scene
    load: Load
    ours: Measured
    bare: Measured
    submitted: int = 0

    def call(
        self, target: str, era: str, connections: int, seconds: float
    ) -> tuple[Outcome, float]:
        """Call one target for a while; return what came of it and the processor time a call."""
        server = self.bare if target == NOOP else self.ours
        job = Job(
            server.port,
            target,
            era,
            connections,
            seconds,
            self.ready.tokens,
            self.ready.permissions,
            self.submitted if target == SUBMIT else 0,
        )
        before = server.processor_seconds()
        outcome = self.load.run(job)
        if target == SUBMIT:
            self.submitted += outcome.calls + connections
            # What a submission costs ends when it has been told, not when it was answered.
            at_rest(server.port)
        return outcome, 1e6 * (server.processor_seconds() - before) / outcome.calls


def measure(folder: Path) -> tuple[list[Line], float]:
    """Return the table on SQLite, and the megabytes of our server after it all."""
    ours, client = processors()
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    ready = scene.prepare(Settings(data_dir=folder, port=port))
    load = Load(client)
    try:
        with noop_server(ours) as bare, doorward(folder, "", port, ours) as server:
            bench = Bench(ready, load, server, bare)
            at_rest(port)
            for target in TARGETS:
                for era in ERAS:
                    bench.call(target, era, 4, 0.3)
            lines = [
                line
                for era in ERAS
                for number in CONNECTIONS
                for line in _rounds(bench, era, number)
            ]
            return lines, server.megabytes()
    finally:
        load.close()


def _rounds(bench: Bench, era: str, connections: int) -> list[Line]:
    lines = {target: Line(target, era, connections) for target in TARGETS}
    for _ in range(ROUNDS):
        bare = 0.0
        for target, line in lines.items():
            outcome, processor = bench.call(target, era, connections, SECONDS)
            if target == NOOP:
                bare = outcome.per_second
            line.outcomes.append(outcome)
            line.processor.append(processor)
            line.against.append(outcome.per_second / bare)
    return list(lines.values())


def show(lines: list[Line], megabytes: float, raw: float) -> None:
    """Print the table; `raw` is how many rows a second one connection inserts with a commit for each."""
    print("\none worker, SQLite, beside the mcp SDK's server with a tool that does nothing")
    print(f"  afterwards {megabytes:.0f} MB; raw inserts, one a commit: {raw:,.0f} a second")
    columns = f"{'per second':>12}{'x no-op':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}"
    before: tuple[str, int] | None = None
    for one in lines:
        if before != (one.era, one.connections):
            before = (one.era, one.connections)
            print(f"  {f'{one.era}, {one.connections} connections':32}{columns}")
        print(
            f"  {one.target:32}{one.per_second:>12,.0f}{one.ratio:>9.2f}{one.p50:>9.2f}"
            f"{one.p99:>9.2f}{one.microseconds:>9,.0f}"
        )
