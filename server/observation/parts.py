"""What listens to a server, made from an open system: the page of metrics, and the loop that feeds it. Its
library is loaded where metrics are on."""

from __future__ import annotations

import platform
from collections.abc import Awaitable, Callable, Mapping
from importlib import metadata

from starlette.routing import BaseRoute, Route

from domain.ports import PublisherStatus
from server.http_server.connections import Connections
from server.telemetry import catalogue
from server.wiring import FOLLOWED, System

METRICS = "/metrics"


def metrics_routes(system: System) -> list[BaseRoute]:
    """Return the route of ``/metrics``, none where metrics are off."""
    collected, settings = system.telemetry.collected, system.settings
    if collected is None:
        return []
    from server.observation.exposition import Exposition, guarded  # noqa: PLC0415 - see the module
    from server.observation.stored_facts import StoredFacts  # noqa: PLC0415 - see the module

    followed = [one.name for one in FOLLOWED]

    def published() -> PublisherStatus | None:
        publisher = system.nats.publisher
        return None if publisher is None else publisher.observed()

    stored = StoredFacts(system.store, followed, published, system.clock)
    page = Exposition(system.reads, stored, collected.tallies, collected.shown)
    return [Route(METRICS, guarded(page, settings.metrics, settings.metrics_token))]


def pulse(
    system: System, clients: Connections, streams: Mapping[str, int]
) -> Callable[[], Awaitable[None]] | None:
    """Return the loop that measures this process, None where metrics are off; `streams` are how many listen
    for changes, by resource."""
    collected = system.telemetry.collected
    if collected is None:
        return None
    from server.observation.pulse import Measures, Pulse  # noqa: PLC0415 - see the module

    database = "sqlite" if system.settings.on_sqlite else "postgresql"
    version, python = metadata.version("doorward"), platform.python_version()
    collected.shown.put(catalogue.BUILD, 1.0, version, python, database)

    def measures() -> Measures:
        waiting, reads = system.bus.load().waiting, system.reads.load()
        refused, listening = dict(clients.refused), dict(streams)
        return Measures(waiting, *reads, len(clients.open), clients.at_work, refused, listening)

    return Pulse(
        collected.tallies,
        collected.shown,
        measures,
        lambda: system.nats.publisher,
        lambda: system.nats.command_reader,
        system.rota.status,
    ).run
