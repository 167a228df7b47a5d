"""Serving: the web application, the followers, the publisher, webhooks, mail and the control socket in
one task group. A loop that fails stops the server: a read model that has silently fallen behind would be
worse. On SIGTERM or SIGINT no new request is taken, those at work are finished, then all closes."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from types import FrameType

import anyio
import uvicorn

from domain.ports import Publisher
from server.app import Application
from server.config import Settings
from server.control import Control
from server.outgoing import deliveries, mail_delivery
from server.semantic.embedding import Embedding
from server.timers import Timers
from server.wiring import StartFailed, System

GRACE_SECONDS = 10
BACKLOG = 1_024
Loop = Callable[[], Awaitable[None]]
_log = logging.getLogger(__name__)


def listen(settings: Settings) -> socket.socket:
    """Return a bound socket; raises `StartFailed` where that cannot be had."""
    where = f"{settings.host}:{settings.port}"
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
            bound.listen(BACKLOG)
        except OSError:
            bound.close()
            raise
    except (OSError, UnicodeError) as fault:
        why = f"cannot listen on {where}: {getattr(fault, 'strerror', None) or fault}"
        raise StartFailed(f"{why}; set DOORWARD_HOST or DOORWARD_PORT") from None
    return bound


def serve(
    system: System, publisher: Publisher | None, bound: socket.socket, ready: Callable[[], None]
) -> None:
    """Serve until a signal says stop; `ready` is called once requests are answered."""
    with _signals_end_here():
        asyncio.run(_serve(system, publisher, bound, ready))


async def _serve(
    system: System, publisher: Publisher | None, bound: socket.socket, ready: Callable[[], None]
) -> None:
    served = Application(system, publisher)
    web = _Web(served, ready, system.settings.trusted_proxies)
    control = Control(system)
    loops: list[Loop] = [one.run for one in system.followers]
    loops.append(served.last_use.run)
    loops += [deliveries(system).run, mail_delivery(system).run]
    loops.append(system.checkpointing.run)
    timers = Timers(system.bus, system.reads, system.clock, system.new_id)
    system.growth.tell(timers.wake)
    loops.append(timers.run)
    if system.meaning is not None:
        loops.append(Embedding(system.bus, system.reads, system.meaning.embedder).run)
    reader = system.nats.reader(served.answer)
    if reader is not None:
        loops.append(reader.run)
    if publisher is not None:
        loops.append(publisher.run)
    async with control.listening(), served.run(), anyio.create_task_group() as group:
        for loop in loops:
            group.start_soon(_until_fault, loop, web)
        await web.serve(sockets=[bound])
        group.cancel_scope.cancel()
    if web.fault is not None:
        raise web.fault


def believed(trusted: Sequence[str]) -> list[str]:
    """Return the trusted networks, those of IPv4 also as a socket for both families sees them
    (RFC 4291 §2.5.5.2)."""
    networks = [ipaddress.ip_network(one) for one in trusted]
    mapped = [
        f"::ffff:{one.network_address}/{96 + one.prefixlen}"
        for one in networks
        if isinstance(one, ipaddress.IPv4Network)
    ]
    return [*map(str, networks), *mapped]


class _Web(uvicorn.Server):
    """uvicorn, telling when it is ready and remembering why it was stopped."""

    def __init__(
        self, served: Application, ready: Callable[[], None], trusted: Sequence[str]
    ) -> None:
        config = uvicorn.Config(
            served.app,
            # h11 strips the blanks around header values that the MCP headers must not keep.
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            # URLs of the authorization endpoint do not belong in logs.
            access_log=False,
            server_header=False,
            # Who a request came from, for limits; our own URLs never depend on such headers.
            proxy_headers=bool(trusted),
            forwarded_allow_ips=believed(trusted),
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self._served = served
        self._ready = ready
        self.fault: Exception | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._served.close_streams()
        await super().shutdown(sockets)


async def _until_fault(loop: Loop, web: _Web) -> None:
    try:
        await loop()
    except Exception as fault:  # noqa: BLE001 - kept, and raised once the server has stopped
        _log.critical("a background loop failed; stopping", exc_info=fault)
        web.fault = fault
        web.should_exit = True


@contextlib.contextmanager
def _signals_end_here() -> Iterator[None]:
    """Keep the signal that uvicorn raises again after its shutdown from ending the process before
    the store is closed."""

    def received(_number: int, _frame: FrameType | None) -> None:
        """Do nothing: uvicorn has seen it."""

    kept = {one: signal.signal(one, received) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
