"""What auditors look at: alice asked, bob and carol decided, a client acted, weeks went by."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from domain.access_request import (
    CancelRequest,
    Decide,
    LetTimePass,
    SubmitRequest,
    Verdict,
    request_stream,
)
from domain.policy import Evidence
from domain.values import Actor, Client, ClientId, ConsentId, PersonId, RequestId, Via
from server.command_bus import CommandContext
from server.operations.read_models import catch_up
from tests import seeds
from tests.inbox.visitor import Visitor
from tests.web import Web

WORDS = "Quarter-end <script>alert(1)</script> & more"
CLIENT = Client(ClientId("https://client.example/a"), "Desk <b>assistant</b>")
ROBOT = "robot"
"""The auditor of the seeds."""


@dataclass
class Scene:
    """Lets people act at any time."""

    web: Web

    async def act(self, command: object, actor: Actor, at: datetime | None = None) -> None:
        """Do something, at a time."""
        system = self.web.system
        context = CommandContext(actor, at or system.clock(), system.new_id())
        await system.bus.execute(command, context)

    async def asked(
        self, *, why: str = WORDS, at: datetime | None = None, hours: int = 168
    ) -> RequestId:
        """Let alice ask to read the CRM through her client."""
        request_id = RequestId(self.web.system.new_id())
        command = SubmitRequest(
            request_id=request_id,
            requester=seeds.ALICE,
            target=seeds.ALICE,
            app_id=seeds.CRM,
            permission_ids=(seeds.READER,),
            justification=why,
            now=at or self.web.system.clock(),
            access_seconds=hours * 3_600,
            length_given=True,
            answers=(("ticket", "T-1"),),
        )
        actor = Actor(Via.MCP, seeds.ALICE, CLIENT, ConsentId("c-1"))
        await self.act(command, actor, at)
        return request_id

    async def decided(
        self,
        request_id: RequestId,
        by: PersonId,
        verdict: Verdict = Verdict.APPROVE,
        at: datetime | None = None,
    ) -> None:
        """Let somebody decide on the web."""
        command = Decide(
            request_id,
            self.web.system.new_id(),
            "d",
            verdict,
            at or self.web.system.clock(),
            by,
            evidence=Evidence.SESSION,
            reason="So be it",
        )
        await self.act(command, Actor(Via.WEB, by), at)

    async def followed(self) -> None:
        """Let the read models that follow come up to the log."""
        await asyncio.to_thread(catch_up, self.web.system)

    async def position(self, request_id: RequestId) -> int:
        """Return where the first event of a request stands."""
        return self.web.system.store.stream(request_stream(request_id))[0].position

    async def auditor(self, path: str = "/audit") -> Visitor:
        """Return the auditor, signed in."""
        await self.followed()
        return await Visitor(self.web, ROBOT).sign_in(path)

    async def weeks(self, requests: int) -> None:
        """Let requests come and be decided, by chance but the same each time, up to the present."""
        chance, now = Random(3), self.web.system.clock()
        began = now - timedelta(hours=9 * requests)
        for number in range(requests):
            at = began + timedelta(hours=9 * number)
            request_id = await self.asked(at=at, hours=2 + number % 30)
            fate = chance.random()
            later = at + timedelta(
                minutes=chance.choice((3, 40, 200, 400)) * (1 + chance.random())
            )
            later = min(later, now)
            if fate < 0.15:
                await self.decided(request_id, seeds.BOB, Verdict.DENY, later)
            elif fate < 0.25:
                cancel = CancelRequest(request_id, seeds.ALICE, "No need", later)
                await self.act(cancel, Actor(Via.WEB, seeds.ALICE), later)
            elif fate < 0.33:
                lapsed = LetTimePass(request_id, at + timedelta(days=60))
                await self.act(lapsed, Actor(Via.TIMER), later)
            else:
                await self.decided(request_id, seeds.BOB, at=later)
                await self.decided(request_id, seeds.CAROL, at=later)
                end = CancelRequest(request_id, seeds.ALICE, "Done", later)
                await self.act(end, Actor(Via.WEB, seeds.ALICE), later)
