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
) -> None:
    """Serve until a signal says stop; `ready` is called once requests are answered; `shared` says
    that other processes take connections from the same socket."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(system, publisher, bound, ready, shared=shared))


async def _serve(
    system: System,
    publisher: Publisher | None,
    bound: socket.socket,
    ready: Callable[[], None],
    *,
    shared: bool = False,
) -> None:
    served = Application(system)
    web = _web_server(system, served, ready, shared=shared)
    control = Control(system)
    loops: list[Loop] = [served.last_use.run, system.checkpointing.observe]
    measuring = pulse(system, web.connections)
    if measuring is not None:
        loops.append(measuring)
    for watch, loop in watches(system, publisher, served.answer):
        loops.append(partial(watch.run, loop))
    async with control.listening(), served.run(), anyio.create_task_group() as group:
        for loop in loops:
            group.start_soon(_until_fault, loop, web)
        with stopped_by_signals(web):
            await web.serve([bound])
        group.cancel_scope.cancel()
    if web.fault is not None:
        raise web.fault


def _web_server(
    system: System, served: Application, ready: Callable[[], None], *, shared: bool
) -> WebServer:
    return WebServer(
        served.app,
        trusted=system.settings.trusted_proxies,
        ready=ready,
        draining=served.close_streams,
        shared=shared,
    )


async def _until_fault(loop: Loop, web: WebServer) -> None:
    try:
        await loop()
    except Exception as fault:  # noqa: BLE001 - kept, and raised once the server has stopped
        _log.critical("a background loop failed; stopping", exc_info=fault)
        web.stop(fault=fault)
