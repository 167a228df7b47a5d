"""The tools that change something. Who asks, through which client and under which consent comes from
the token alone; the answer is read back from the read models, which hold it at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.access_request import CancelRequest, CommentOnRequest, request_of_stream
from domain.ports import Clock, NewId
from domain.values import Actor, RequestId, Via
from server.bearer import AccessGrant
from server.command_bus import CommandBus, CommandContext
from server.idempotency import Idempotency, fingerprint
from server.mcp.answers import Answer
from server.mcp.arguments import Arguments
from server.mcp.request_queries import RequestQueries

UNKEYED = ("idempotency_key", "dry_run", "confirm")
"""Arguments that are no part of what an idempotency key stands for."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs the tools' commands, each for one caller."""

    bus: CommandBus
    requests: RequestQueries
    clock: Clock
    new_id: NewId

    async def cancel(self, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer cancel_access_request; a stranger's request is unknown, not forbidden."""
        command = CancelRequest(
            RequestId(arguments["access_request_id"]),
            grant.person.person_id,
            arguments.get("reason"),
            self.clock(),
            expected_version=arguments.get("expected_version"),
        )
        return await self._done(grant, command, "Cancelled:")

    async def comment(self, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer comment_on_access_request."""
        command = CommentOnRequest(
            RequestId(arguments["access_request_id"]),
            grant.person.person_id,
            arguments["text"],
            self.clock(),
        )
        return await self._done(grant, command, "Said to everybody who has a part in it:")

    async def _done(
        self, grant: AccessGrant, command: CancelRequest | CommentOnRequest, said: str
    ) -> Answer:
        # An approver may comment on the web; here people have only their own requests.
        await self.requests.check(grant.person.person_id, command.request_id)
        done = await self.bus.execute(command, context_of(grant, command.now, self.new_id))
        request_id = request_of_stream(done.stream)
        return await self.requests.one(grant.person.person_id, request_id, said)


def context_of(grant: AccessGrant, now: datetime, new_id: NewId) -> CommandContext:
    """Return who acts, through which client and under which consent, as the token says. `now` is the
    moment of the command itself: an event and what it says of its time are one."""
    actor = Actor(Via.MCP, grant.person.person_id, grant.client, grant.consent_id)
    return CommandContext(actor, now, new_id())


def idempotency_of(tool: str, grant: AccessGrant, arguments: Arguments) -> Idempotency | None:
    """Return the caller's key: it is his and this client's, and stands for the whole body of this tool. A preview
    has none."""
    key = arguments.get("idempotency_key")
    if key is None or arguments["dry_run"]:
        return None
    scope = f"{grant.person.person_id} {grant.client.client_id} {tool}"
    return Idempotency(scope, key, fingerprint(unkeyed(arguments)))


def unkeyed(arguments: Arguments) -> dict[str, Any]:
    """Return the arguments that say what is wished, without those that say how."""
    return {name: value for name, value in arguments.items() if name not in UNKEYED}
