"""Whether this process is well. `/healthz` says whether it lives: it answers 200 unless the process is stuck,
and a restart would help. `/readyz` says whether requests should be sent here: 503 while the store does not
answer or takes no writes, writes pile up, read models stand still, or the server is about to stop. NATS is told
by both and decides neither, because Doorward goes on without. Whoever asks often costs one small query at a
time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from domain.ports import CommandReader, Publisher
from server.store_probe import Looked, StoreProbe
from server.wiring import System
from server.writer import WriterLoad

Json = dict[str, object]
STUCK_SECONDS = 120.0
"""A group commit that takes longer never ends."""
SLOW_SECONDS = 30.0
"""Whoever would write now waits too long."""
STALLED_SECONDS = 60.0
"""A follower that has events to follow and has not moved for so long stands still."""
NO_STORE = {"Cache-Control": "no-store"}
Monotonic = Callable[[], float]
NO_FAULTS: Callable[[], Sequence[str]] = tuple


@dataclass(slots=True)
class _Mark:
    """Where a follower that is behind was seen, and since when it is there."""

    position: int
    since: float


class Stalls:
    """Remembers since when followers that are behind have not moved."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._marks: dict[str, _Mark] = {}

    def seen(self, head: int, behind: Mapping[str, int]) -> list[str]:
        """Note where they are; return those that stand still."""
        now, stalled = self._monotonic(), []
        for name, lag in behind.items():
            position = head - lag
            mark = self._marks.get(name)
            if not lag:
                self._marks.pop(name, None)
            elif mark is None or mark.position != position:
                self._marks[name] = _Mark(position, now)
            elif now - mark.since > STALLED_SECONDS:
                stalled.append(name)
        return stalled


class Health:
    """The two pages of one process."""

    def __init__(
        self,
        system: System,
        faults: Callable[[], Sequence[str]] = NO_FAULTS,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """`faults` names the duties of this process that fail and are tried again."""
        self._system = system
        self._faults = faults
        self._probe = StoreProbe(system)
        self._stalls = Stalls(monotonic)
        self._draining = False

    def routes(self) -> list[BaseRoute]:
        """Return the routes; anybody may ask, and learns numbers alone."""
        return [Route("/healthz", self.healthz), Route("/readyz", self.readyz)]

    def drain(self) -> None:
        """Say from now on that requests should go elsewhere."""
        self._draining = True

    async def healthz(self, _request: Request) -> Response:
        """Answer whether this process lives, and how things stand."""
        looked = await self._probe.look()
        signed = self._system.checkpointing.status()
        body: Json = {
            "status": "ok",
            "position": looked.head,
            "nats": self._nats(looked),
            "checkpoint": {"position": signed.position, "fault": signed.fault},
        }
        if looked.fault:
            body["store"] = looked.fault
        why = self.fault()
        if why:
            body |= {"status": "stuck", "reasons": [why]}
        return JSONResponse(body, 503 if why else 200, headers=NO_STORE)

    def fault(self) -> str:
        """Return why this process cannot go on, so that a restart would help; empty if it can."""
        return _stuck(self._system.bus.load())

    async def readyz(self, _request: Request) -> Response:
        """Answer whether requests should be sent here, and if not, why."""
        body = await self.readiness()
        return JSONResponse(body, 503 if body["reasons"] else 200, headers=NO_STORE)

    async def readiness(self) -> Json:
        """Return whether requests should be sent here, why not, and how far everything has come."""
        load, looked = self._system.bus.load(), await self._probe.look()
        reasons = self._reasons(load, looked)
        return {
            "status": "not ready" if reasons else "ready",
            "reasons": reasons,
            "position": looked.head,
            "behind": dict(looked.behind),
            "queue": {"waiting": load.waiting, "most": load.most},
            "nats": self._nats(looked),
            "failing": sorted(self._faults()),
        }

    async def reasons(self) -> list[str]:
        """Return why requests should be sent elsewhere; none where they should come here."""
        load, looked = self._system.bus.load(), await self._probe.look()
        return self._reasons(load, looked)

    def _reasons(self, load: WriterLoad, looked: Looked) -> list[str]:
        return [*self._own_reasons(load), *self._stored_reasons(looked)]

    def _own_reasons(self, load: WriterLoad) -> list[str]:
        reasons = []
        if self._draining:
            reasons.append("the server is shutting down")
        if not load.alive:
            reasons.append("nothing is written any more")
        if load.waiting >= load.most:
            reasons.append(f"{load.waiting} writes are waiting, and no more may")
        if load.busy_seconds > SLOW_SECONDS:
            reasons.append(f"a commit has taken {load.busy_seconds:.0f} seconds so far")
        return reasons

    def _stored_reasons(self, looked: Looked) -> list[str]:
        reasons = [looked.fault] if looked.fault else []
        if looked.head is None:
            return reasons
        if looked.foreign:
            names = ", ".join(looked.foreign)
            reasons.append(f"another version of Doorward has made other tables: {names}")
        reasons += [
            f"{name} stands still, {looked.behind[name]} events behind"
            for name in self._stalls.seen(looked.head, looked.behind)
        ]
        return reasons

    def _nats(self, looked: Looked) -> Json:
        nats: Json = {"state": "off"}
        publisher = self._system.nats.publisher
        if publisher is not None:
            nats = _publishing(publisher, looked)
        reader = self._system.nats.command_reader
        if reader is not None:
            nats["commands"] = _reading(reader)
        return nats


def _stuck(load: WriterLoad) -> str:
    """Return why this process cannot go on; empty if it can."""
    if not load.alive:
        return "the thread that writes has ended"
    if load.busy_seconds > STUCK_SECONDS:
        return f"a commit has taken {load.busy_seconds:.0f} seconds so far"
    return ""


def _publishing(publisher: Publisher, looked: Looked) -> Json:
    """Say how publishing stands: by whichever process does it, as far as the store tells."""
    status = looked.published or publisher.status()
    return {
        "state": status.state,
        "position": status.position,
        "lag": None if looked.head is None else max(looked.head - status.position, 0),
        "reason": status.reason,
        "drift": list(status.drift),
    }


def _reading(reader: CommandReader) -> Json:
    status = reader.status()
    return {
        "connected": status.connected,
        "answered": status.answered,
        "set_aside": status.set_aside,
        "reason": status.reason,
    }
