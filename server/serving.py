"""Serving: the web application, the loops behind the scenes and the control socket in one task group. A loop of
this process alone that fails stops the server; one that does a duty of all processes is tried again (see
`duties`). On SIGTERM or SIGINT no new request is taken, those at work are finished, then the duties are
given up and all closes."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import uvloop

from domain.ports import Publisher
from server.app import Application
from server.background import watches
from server.control import Control
from server.http_server.web_server import WebServer, stopped_by_signals
from server.observation.parts import pulse
from server.supervision.notices import Supervisor
from server.supervision.reporting import Reporting
from server.wiring import System

Loop = Callable[[], Awaitable[None]]
_log = logging.getLogger(__name__)


def serve(
    system: System,
    publisher: Publisher | None,
    bound: socket.socket,
    ready: Callable[[], None],
    *,
    shared: bool = False,
    supervisor: Supervisor | None = None,
) -> None:
    """Serve until a signal says stop; `ready` is called once requests are answered; `shared` says
    that other processes take connections from the same socket; `supervisor` is told how this one fares."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(system, publisher, bound, ready, supervisor, shared=shared))


async def _serve(
    system: System,
    publisher: Publisher | None,
    bound: socket.socket,
    ready: Callable[[], None],
    supervisor: Supervisor | None,
    *,
    shared: bool,
) -> None:
    served = Application(system)
    reporting = Reporting(served.health, supervisor)
    web = _web_server(system, served, ready, reporting, shared=shared)
    control = Control(system)
    loops = [*_loops(system, publisher, served, web), reporting.run]
    async with control.listening(), served.run(), anyio.create_task_group() as group:
        for loop in loops:
            group.start_soon(_until_fault, loop, web)
        with stopped_by_signals(web):
            await web.serve([bound])
        group.cancel_scope.cancel()
    if web.fault is not None:
        raise web.fault


def _loops(
    system: System, publisher: Publisher | None, served: Application, web: WebServer
) -> list[Loop]:
    """Return what runs beside the answering of requests."""
    loops: list[Loop] = [served.last_use.run, system.checkpointing.observe]
    measuring = pulse(system, web.connections, served.watch.dispatcher.open)
    if measuring is not None:
        loops.append(measuring)
    for watch, loop in watches(system, publisher, served.answer):
        loops.append(partial(watch.run, loop))
    return loops


def _web_server(
    system: System,
    served: Application,
    ready: Callable[[], None],
    reporting: Reporting,
    *,
    shared: bool,
) -> WebServer:
    def answering() -> None:
        ready()
        reporting.begin()

    def draining() -> None:
        reporting.end()
        served.close_streams()

    return WebServer(
        served.app,
        trusted=system.settings.trusted_proxies,
        ready=answering,
        draining=draining,
        shared=shared,
    )


async def _until_fault(loop: Loop, web: WebServer) -> None:
    try:
        await loop()
    except Exception as fault:  # noqa: BLE001 - kept, and raised once the server has stopped
        _log.critical("a background loop failed; stopping", exc_info=fault)
        web.stop(fault=fault)
