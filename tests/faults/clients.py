"""The load: each person's client submits, lists what it has at once through another connection, and cancels now and
then, until it is told to stop. What was acknowledged it writes down; what was not, it sends again under the same
idempotency key, as the answer says a client should."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.people import APP, Cast, Person
from tests.mcp.wire import LEGACY, MODERN, Wire

PATIENCE = 60.0
"""Seconds after which a call hangs: every way to an answer is bounded by less."""
PAUSE, THOUGHT = 0.1, 0.1
"""Seconds before something is tried again, and before something else is."""
CANCELLED_EVERY = 3
ALREADY_OVER = "already_closed"
TRY_AGAIN = ("changed_meanwhile", "unavailable")
"""Codes of refusals that say so."""


@dataclass
class Diary:
    """What clients were told. `faults` is what no client should ever be told; `troubles` counts the rest."""

    submitted: dict[tuple[str, str], str] = field(default_factory=dict)
    """The acknowledged request of each person and permission."""
    cancelled: set[str] = field(default_factory=set)
    troubles: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return len(self.submitted) + len(self.cancelled)

    @property
    def told_to_wait(self) -> int:
        """How often a client was told that it does not go now."""
        return self.troubles["503"] + self.troubles["unavailable"]


@dataclass
class PersonsClient:
    """One person's client, with two connections: one asks, through the other he looks."""

    person: Person
    asking: Wire
    looking: Wire
    diary: Diary
    by_id: bool = False
    """Look for the very request, where a clock that steps keeps the newest from being the first."""

    async def run(self, permissions: Sequence[str], done: asyncio.Event) -> None:
        """Go on until told to stop, or until there is nothing left to ask for."""
        for number, permission in enumerate(permissions):
            if done.is_set():
                return
            request_id = await self._submit(permission)
            if number % CANCELLED_EVERY == 0:
                await self._cancel(request_id)
            await asyncio.sleep(THOUGHT)
        self.diary.faults.append("there was not enough to ask for")

    async def _submit(self, permission: str) -> str:
        done = await self._insist(
            self.asking,
            "submit_access_request",
            app_id=APP,
            requestable_permission_ids=[permission],
            business_justification="To get on",
            idempotency_key=f"ask for {permission}",
        )
        request_id: str = done["access_requests"][0]["id"]
        if done["outcome"] != "submitted":
            self.diary.faults.append(f"{permission} was {done['outcome']}, not submitted")
        self.diary.submitted[self.person.person_id, permission] = request_id
        await self._see(request_id, cancelled=False)
        return request_id

    async def _cancel(self, request_id: str) -> None:
        await self._insist(self.asking, "cancel_access_request", access_request_id=request_id)
        self.diary.cancelled.add(request_id)
        await self._see(request_id, cancelled=True)

    async def _see(self, request_id: str, *, cancelled: bool) -> None:
        """Look for what was just acknowledged, through whatever worker."""
        which = {"access_request_id": request_id} if self.by_id else {"size": 3}
        found = await self._insist(self.looking, "list_access_requests", **which)
        shown = {one["id"]: one["status"] for one in found["items"]}
        if request_id not in shown:
            self.diary.faults.append(f"{request_id} was acknowledged and is not listed")
        elif cancelled != (shown[request_id] == "CANCELLED"):
            self.diary.faults.append(f"{request_id} is listed as {shown[request_id]}")

    async def _insist(self, wire: Wire, tool: str, **arguments: object) -> dict[str, Any]:
        """Call until there is an answer."""
        while True:
            found = await self._answer(wire, tool, arguments)
            if found is not None:
                return found
            await asyncio.sleep(PAUSE)

    async def _answer(
        self, wire: Wire, tool: str, arguments: dict[str, object]
    ) -> dict[str, Any] | None:
        """Call once; return the answer, None if there was none and it may be tried again."""
        asked = {"name": tool, "arguments": arguments}
        try:
            answer = await wire.request("tools/call", asked)
        except httpx.TransportError as trouble:
            if isinstance(trouble, httpx.TimeoutException):
                self.diary.faults.append(f"{tool} hung: {trouble!r}")
            self.diary.troubles[type(trouble).__name__] += 1
            return None
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.diary.troubles["503"] += 1
            if "retry-after" not in answer.headers:
                self.diary.faults.append("a 503 does not say when to come again")
            return None
        if answer.status_code != httpx.codes.OK or "result" not in answer.json():
            self.diary.faults.append(f"{tool}: {answer.status_code} {answer.text}")
            return None
        return self._told(tool, arguments, answer.json()["result"])

    def _told(
        self, tool: str, arguments: dict[str, object], result: dict[str, Any]
    ) -> dict[str, Any] | None:
        if not result.get("isError"):
            content: dict[str, Any] = result["structuredContent"]
            return content
        text: str = result["content"][0]["text"]
        if text.startswith(TRY_AGAIN):
            self.diary.troubles[text.partition(":")[0]] += 1
            return None
        # Cancelling has no idempotency key: whoever did not hear that it was done is told that it is over.
        if tool != "cancel_access_request" or not text.startswith(ALREADY_OVER):
            self.diary.faults.append(f"{tool} {arguments}: {text}")
        return {"access_requests": [{"id": ""}], "outcome": text, "items": []}


@asynccontextmanager
async def clients_at_work(
    cast: Cast,
    issuer: str,
    transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    *,
    by_id: bool = False,
) -> AsyncIterator[Diary]:
    """Let everybody's client work while the block runs; at its end, all finish what they have begun.
    `transport` is the way to the server, where that is not where the issuer says."""
    diary, done = Diary(), asyncio.Event()
    ways = [_connection(transport) for _ in range(2 * len(cast.people))]
    pairs = zip(cast.people, ways[::2], ways[1::2], strict=True)
    working = [
        asyncio.ensure_future(
            PersonsClient(
                one,
                Wire(asking, issuer, one.token, MODERN),
                Wire(looking, issuer, one.token, LEGACY),
                diary,
                by_id,
            ).run(cast.permissions, done)
        )
        for one, asking, looking in pairs
    ]
    try:
        yield diary
        done.set()
        async with asyncio.timeout(2 * PATIENCE):
            await asyncio.gather(*working)
    finally:
        for one in working:
            one.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        for way in ways:
            await way.aclose()


def _connection(transport: Callable[[], httpx.AsyncBaseTransport] | None) -> httpx.AsyncClient:
    """Return what keeps one connection, and makes another when that is lost."""
    return httpx.AsyncClient(
        timeout=PATIENCE,
        limits=httpx.Limits(max_connections=1),
        transport=transport() if transport else None,
    )
