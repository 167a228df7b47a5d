"""The toolset `audit`: what happened, what was so, and that the log is the one that was written. Auditors and
administrators have it, and nobody changes anything through it. What answers is read with the first question
that needs it, since it knows all of the log."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from domain.ports import Rows
from server.bearer import AccessGrant
from server.mcp.administration import audit_schemas
from server.mcp.administration.backing import Backing
from server.mcp.administration.defining import asks
from server.mcp.answers import Answer
from server.mcp.arguments import Arguments
from server.mcp.definitions import ToolDefinition
from server.mcp.taking_time import may_take_time
from server.mcp.tools import Query, Run, ServedTool
from server.oauth.resources import OVERSEERS
from server.turns import Turns

if TYPE_CHECKING:
    from server.mcp.administration.audit_past import AuditPast
    from server.mcp.administration.audit_proof import AuditProof
    from server.mcp.administration.audit_trail import AuditTrail

AT_ONCE, WAITING = 2, 16
"""How many look back at once, and how many wait to."""


class Audit:
    """What answers, each part read when it is first needed."""

    def __init__(self, backing: Backing) -> None:
        self._system = backing.system

    @cached_property
    def _trail(self) -> AuditTrail:
        from server.mcp.administration.audit_trail import AuditTrail  # noqa: PLC0415 - late

        return AuditTrail(self._system.store, self._system.event_bodies)

    @cached_property
    def _past(self) -> AuditPast:
        from server.mcp.administration.audit_past import AuditPast  # noqa: PLC0415 - late

        turns = Turns(AT_ONCE, waiting=WAITING)
        return AuditPast(self._system.store, self._system.scratch, turns)

    @cached_property
    def _proof(self) -> AuditProof:
        from server.audit_pages.verification import Verifier  # noqa: PLC0415 - late
        from server.mcp.administration.audit_proof import AuditProof  # noqa: PLC0415 - late

        return AuditProof(self._system, Verifier(self._system))

    def search(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer search_audit_trail."""
        may_take_time()
        return self._trail.search(rows, arguments)

    def event(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer get_audit_event."""
        may_take_time()
        return self._trail.event(rows, arguments)

    def story(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer get_request_history."""
        may_take_time()
        return self._trail.story(rows, arguments)

    def checkpoints(self, rows: Rows, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer list_checkpoints."""
        may_take_time()
        return self._proof.checkpoints(rows, arguments)

    async def list_as_of(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer list_as_of."""
        return await self._past.list_as_of(arguments)

    async def verify(self, _grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer verify_audit_log."""
        return await self._proof.verify(arguments)


def tools(backing: Backing) -> tuple[ServedTool, ...]:
    """Return the tools."""
    audit = Audit(backing)

    def overseeing(
        definition: ToolDefinition, query: Query | None = None, run: Run | None = None
    ) -> ServedTool:
        return asks("audit", definition, query, run, roles=OVERSEERS)

    return (
        overseeing(audit_schemas.SEARCH, audit.search),
        overseeing(audit_schemas.EVENT_AT, audit.event),
        overseeing(audit_schemas.STORY, audit.story),
        overseeing(audit_schemas.AS_OF, run=audit.list_as_of),
        overseeing(audit_schemas.VERIFY, run=audit.verify),
        overseeing(audit_schemas.CHECKPOINTS, audit.checkpoints),
    )
