"""The tools that end requests and access, hand the decision to others, say something, and, where its feature is
on, decide. All of it is ruled by `domain.access_request`: an administrator is one here as well, and nobody
decides on his own request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.access_request import (
    COMMENT_LIMIT,
    MOST_PERMISSIONS,
    REASON_LIMIT,
    AccessRequest,
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    Reassign,
    Request,
    RevokeAccess,
    Verdict,
)
from domain.errors import PersonDisabled
from domain.feature import DECIDE_BY_CLIENT
from domain.policy import Evidence
from domain.ports import Rows
from domain.values import PersonId
from projections.access_requests import RequestRow, request_by_id
from projections.columns import maybe_instant
from projections.people import person_by_id
from server.bearer import AccessGrant
from server.command_bus import UnitOfWork
from server.idempotency import fingerprint
from server.mcp.administration.backing import Backing
from server.mcp.administration.changing import Plan
from server.mcp.administration.defining import changing, destroying
from server.mcp.administration.persons import absent, whom
from server.mcp.administration.requests_reading import UNFOUND
from server.mcp.answers import Json
from server.mcp.arguments import Arguments
from server.mcp.definitions import Schema, ToolDefinition
from server.mcp.schemas import identifier_field

MOST_APPROVERS = 20
NAMED = 80
"""Most characters of what is asked for in the name of a request."""
_REASON: Schema = {"type": "string", "maxLength": REASON_LIMIT}
_ITEMS: Schema = {
    "type": "array",
    "maxItems": MOST_PERMISSIONS,
    "items": identifier_field(),
    "description": "Ids of items; leave out for all.",
}
CANCEL = destroying(
    "cancel_request",
    "Cancel an access request",
    "Withdraw what is not granted yet of anybody's request.",
    ["request_id"],
    request_id=identifier_field(),
    items=_ITEMS,
    reason=_REASON,
)
REVOKE = destroying(
    "revoke_access",
    "Revoke access",
    "End access that was granted through a request, before its time.",
    ["request_id"],
    request_id=identifier_field(),
    items=_ITEMS,
    reason=_REASON,
)
CALL_OFF = destroying(
    "call_off_removal",
    "Call off a removal",
    "Let access stand whose removal has failed or is not done yet. It takes a reason.",
    ["request_id", "reason"],
    request_id=identifier_field(),
    reason=_REASON,
)
REASSIGN = destroying(
    "reassign_request",
    "Reassign an access request",
    "Let other people decide at the present stage, instead of those who may now.",
    ["request_id", "approvers"],
    request_id=identifier_field(),
    approvers={
        "type": "array",
        "maxItems": MOST_APPROVERS,
        "items": identifier_field(),
        "description": "Ids or user names.",
    },
    reason=_REASON,
)
COMMENT = changing(
    "comment_on_request",
    "Comment on an access request",
    "Say something, in the administrator's name, to everybody who has a part in a request.",
    ["request_id", "text"],
    request_id=identifier_field(),
    text={"type": "string", "minLength": 1, "maxLength": COMMENT_LIMIT},
)
DECIDE = destroying(
    DECIDE_BY_CLIENT,
    "Decide on an access request",
    "Approve or deny in the administrator's name, if they may decide now; on weak evidence.",
    ["request_id", "verdict"],
    request_id=identifier_field(),
    verdict={"type": "string", "enum": [one.value for one in Verdict]},
    items=_ITEMS,
    access_seconds={"type": "integer", "minimum": 1, "description": "Shorten what was asked."},
    reason=_REASON,
)
SAYS = {Verdict.APPROVE: "approves", Verdict.DENY: "denies"}


@dataclass(frozen=True, slots=True)
class Planning:
    """Plans the tools' changes."""

    backing: Backing

    def plans(self) -> tuple[tuple[ToolDefinition, Callable[..., Plan]], ...]:
        """Return each tool that is always there with what plans its calls."""
        return (
            (CANCEL, self.cancel),
            (REVOKE, self.revoke),
            (CALL_OFF, self.call_off),
            (REASSIGN, self.reassign),
            (COMMENT, self.comment),
        )

    def cancel(self, work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan cancel_request."""
        row, by, now = self._asked(work, grant, arguments)
        command = CancelRequest(
            row.request_id, by, arguments.get("reason"), now, _items(arguments)
        )
        says = f"The request of {_named(work.rows, row)} is withdrawn, as far as nothing is granted yet."
        return self._plan(work, row, command, says, now)

    def revoke(self, work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan revoke_access."""
        row, by, now = self._asked(work, grant, arguments)
        command = RevokeAccess(row.request_id, by, arguments.get("reason"), now, _items(arguments))
        says = f"Access is taken away now: {_named(work.rows, row)}."
        return self._plan(work, row, command, says, now)

    def call_off(self, work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan call_off_removal."""
        row, by, now = self._asked(work, grant, arguments)
        command = CallOffRemoval(row.request_id, by, arguments["reason"], now)
        says = f"Access stands that was to be removed: {_named(work.rows, row)}."
        return self._plan(work, row, command, says, now)

    def reassign(self, work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan reassign_request."""
        row, by, now = self._asked(work, grant, arguments)
        people = [whom(work.rows, one) for one in dict.fromkeys(arguments["approvers"])]
        for person in people:
            if person.disabled:
                raise PersonDisabled(person.person_id)
        approvers = tuple(dict.fromkeys(one.person_id for one in people))
        command = Reassign(row.request_id, by, approvers, arguments.get("reason"), now)
        names = ", ".join(f"{one.full_name} ({one.username})" for one in people)
        says = f"On {_named(work.rows, row)} decide from now on: {names}."
        return self._plan(work, row, command, says, now)

    def comment(self, work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan comment_on_request."""
        row, by, now = self._asked(work, grant, arguments)
        command = CommentOnRequest(row.request_id, by, arguments["text"], now)
        says = f"Everybody who has a part in {_named(work.rows, row)} reads it."
        return self._plan(work, row, command, says, now)

    def decide(self, work: UnitOfWork, grant: AccessGrant, arguments: Arguments) -> Plan:
        """Plan decide_request. What the person himself has decided, the client merely asserts."""
        row, by, now = self._asked(work, grant, arguments)
        verdict = Verdict(arguments["verdict"])
        command = Decide(
            request_id=row.request_id,
            decision_id=self.backing.system.new_id(),
            digest=fingerprint(dict(arguments)),
            verdict=verdict,
            now=now,
            decided_by=by,
            evidence=Evidence.ASSERTED,
            items=_items(arguments),
            access_seconds=arguments.get("access_seconds"),
            reason=arguments.get("reason"),
        )
        says = f"{grant.person.full_name} {SAYS[verdict]}: {_named(work.rows, row)}."
        return self._plan(work, row, command, says, now)

    def _asked(
        self, work: UnitOfWork, grant: AccessGrant, arguments: Arguments
    ) -> tuple[RequestRow, PersonId, datetime]:
        """Return the request, who acts on it, and when."""
        row = request_by_id(work.rows, arguments["request_id"])
        if row is None:
            raise absent("request", arguments["request_id"], UNFOUND)
        return row, grant.person.person_id, self.backing.system.clock()

    def _plan(
        self, work: UnitOfWork, row: RequestRow, command: object, says: str, now: datetime
    ) -> Plan:
        return Plan(command, _named(work.rows, row), says, shown, now=now)


def shown(state: AccessRequest) -> Json:
    """Return a request as fields."""
    if not isinstance(state, Request):
        return {}
    return {
        "status": state.status,
        **{
            f"{item.item_id} {name}": value
            for item in state.items
            for name, value in (
                ("status", item.status),
                ("stage", item.stage_name),
                ("approvers", list(item.approvers)),
                ("access_seconds", item.access_seconds),
                ("expires_at", maybe_instant(item.expires_at)),
            )
        },
        "comments": state.comments,
    }


def _items(arguments: Arguments) -> tuple[str, ...] | None:
    return tuple(arguments["items"]) if "items" in arguments else None


def _named(rows: Rows, row: RequestRow) -> str:
    """Return what a request is called, in a confirmation too: what is asked for, and for whom."""
    target = person_by_id(rows, row.target)
    what = row.what if len(row.what) <= NAMED else f"{row.what[: NAMED - 1]}…"
    return f"{what} for {target.username if target else row.target}"
