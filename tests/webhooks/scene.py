"""A system whose deliveries run, and a clock that stands still until a test moves its hands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from domain.duties import WEBHOOKS
from server.operations import OPERATIONS
from server.outgoing import deliveries
from server.webhooks.delivery import Deliveries
from server.wiring import System
from server.wiring.outward import webhook_sender
from tests import seeds
from tests.web import Hands


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition, polling, with a deadline."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@dataclass
class Scene:
    """What tests of deliveries speak about."""

    system: System
    hands: Hands
    loop: Deliveries

    async def operate(self, operation: str, **wish: object) -> dict[str, Any]:
        """Do what the command line does."""
        body = json.dumps(wish).encode()
        return await asyncio.to_thread(OPERATIONS[operation], self.system, body, _silent)

    async def add(self, url: str, **wish: object) -> str:
        """Add a webhook called ``siem`` that wants every event from now on; return its secret."""
        wanted = {"name": "siem", "events": ["*"], **wish}
        added = await self.operate("webhook add", url=url, **wanted)
        secret: str = added["secret"]
        return secret

    async def show(self) -> dict[str, Any]:
        return await self.operate("webhook show", name="siem")

    async def failures(self) -> dict[str, Any]:
        return await self.operate("webhook failures", name="siem")

    async def submit(self, request_id: str, **changes: object) -> None:
        """Let something happen."""
        await self.system.bus.execute(seeds.submission(request_id, **changes), seeds.CONTEXT)

    async def later(self, **wait: float) -> None:
        """Move the clock on, and say so."""
        self.hands.moved += timedelta(**wait)
        self.loop.wake()

    async def until_shown(self, **wanted: object) -> dict[str, Any]:
        """Wait until the webhook stands as wanted."""
        async with asyncio.timeout(30):
            while True:
                shown = await self.show()
                if all(shown[name] == value for name, value in wanted.items()):
                    return shown
                await asyncio.sleep(0.01)

    def logged(self) -> list[str]:
        """Return the ids of all events, in order."""
        return [one.envelope.event_id for one in self.system.store.events_after(0, 10_000)]


@asynccontextmanager
async def delivering(
    system: System,
    run: Callable[[Deliveries], Coroutine[Any, Any, None]] = Deliveries.run,
    **changes: Any,
) -> AsyncIterator[Scene]:
    """Deliver until the block is left."""
    began = system.clock()
    hands = Hands(lambda: began)
    # The receivers of tests listen on this machine.
    settings = replace(system.settings, webhook_insecure=True)
    here = {"settings": settings, "webhook_sender": webhook_sender(settings)}
    changed = replace(system, clock=hands, **{**here, **changes})
    loop = deliveries(changed)
    running = asyncio.create_task(run(loop))
    try:
        yield Scene(changed, hands, loop)
        assert not running.done(), running.exception()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def on_watch(system: System) -> AbstractAsyncContextManager[Scene]:
    """Deliver while this is the process whose duty that is, until the block is left."""
    watch = system.rota.watch(WEBHOOKS)
    return delivering(system, lambda loop: watch.run(loop.run))


def _silent(_progress: object) -> None:
    """Hear no progress."""
