"""The two tools that change something. Who asks, through which client and under which consent comes
from the token alone; the answer is read back from the read models, which hold it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain import policy
from domain.access_request import (
    CancelRequest,
    RequestCancelled,
    RequestSubmitted,
    SubmitRequest,
    request_of_stream,
)
from domain.errors import InputMissing
from domain.ports import Clock, NewId
from domain.values import Actor, AppId, PermissionId, PersonId, RequestId, Via
from projections.access_requests import RequestRow, request_of
from server.bearer import AccessGrant
from server.command_bus import CommandBus, CommandContext, Executed
from server.idempotency import Idempotency, fingerprint
from server.mcp import rendering
from server.mcp.arguments import Arguments, BadArguments, moment
from server.mcp.queries import Answer, request_line, required_fields
from server.mcp.rendering import Json
from server.mcp.schemas import ACCESS_LENGTHS
from server.reads import Reads

CHECK_AFTER_SECONDS = 60
UNKEYED = ("idempotency_key", "dry_run")
"""Arguments that are no part of what an idempotency key stands for."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs the tools' commands, each for one caller."""

    bus: CommandBus
    reads: Reads
    clock: Clock
    new_id: NewId

    async def submit(self, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer submit_access_request."""
        command = self._submission(grant.person.person_id, arguments)
        context = self._context(grant, _idempotency(grant, arguments))
        dry_run = bool(arguments["dry_run"])
        try:
            done = await self.bus.execute(command, context, dry_run=dry_run)
        except InputMissing as refusal:
            return _needs_input(refusal, dry_run=dry_run)
        if dry_run and done.changed:
            return _preview(done)
        row = await self._row(command.target, done)
        return await self._submitted(row, done, dry_run=dry_run)

    async def cancel(self, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer cancel_access_request; a stranger's request is unknown, not forbidden."""
        request_id = RequestId(arguments["access_request_id"])
        command = CancelRequest(
            request_id,
            grant.person.person_id,
            arguments.get("reason"),
            self.clock(),
            expected_version=arguments.get("expected_version"),
        )
        done = await self.bus.execute(command, self._context(grant, None))
        event = done.events[0]
        assert isinstance(event, RequestCancelled)  # noqa: S101 - a cancellation is nothing else
        row = await self._row(event.snapshot.target, done)
        shown = await self.reads.query(lambda rows: rendering.request(rows, row))
        return Answer({"access_request": shown}, f"Cancelled:\n{request_line(row)}")

    def _submission(self, requester: PersonId, arguments: Arguments) -> SubmitRequest:
        seconds, given = _length(arguments)
        return SubmitRequest(
            request_id=RequestId(self.new_id()),
            requester=requester,
            target=PersonId(arguments.get("target_user_id", requester)),
            app_id=AppId(arguments["app_id"]),
            permission_ids=tuple(
                map(PermissionId, arguments.get("requestable_permission_ids", ()))
            ),
            justification=arguments.get("business_justification"),
            now=self.clock(),
            access_seconds=seconds,
            length_given=given,
            starts_at=moment(arguments, "starts_at"),
            answers=tuple(
                (one["id"], one["response"]) for one in arguments.get("custom_fields", ())
            ),
        )

    def _context(self, grant: AccessGrant, idempotency: Idempotency | None) -> CommandContext:
        actor = Actor(Via.MCP, grant.person.person_id, grant.client, grant.consent_id)
        return CommandContext(actor, self.clock(), self.new_id(), idempotency=idempotency)

    async def _row(self, person: PersonId, done: Executed) -> RequestRow:
        request_id = request_of_stream(done.stream)
        row = await self.reads.query(lambda rows: request_of(rows, person, request_id))
        assert row is not None, "a committed request is visible to the next query"  # noqa: S101
        return row

    async def _submitted(self, row: RequestRow, done: Executed, *, dry_run: bool) -> Answer:
        outcome = "submitted" if done.changed else "duplicate_pending"
        shown = await self.reads.query(lambda rows: rendering.request(rows, row))
        answer = _outcome(outcome, [shown], dry_run=dry_run, replayed=done.replayed)
        answer["next"] = {
            "check_after_seconds": CHECK_AFTER_SECONDS,
            "tool": "list_access_requests",
        }
        said = "Submitted" if done.changed else "An equal request is open already"
        return Answer(answer, f"{said}:\n{request_line(row)}")


def _length(arguments: Arguments) -> tuple[int | None, bool]:
    """Return the asked length in seconds, and whether one was asked at all."""
    named, seconds = arguments.get("access_length"), arguments.get("expiration_in_seconds")
    if named is not None and seconds is not None:
        raise BadArguments("Give access_length or expiration_in_seconds, not both.")
    if named is not None:
        return ACCESS_LENGTHS[named], True
    return seconds, seconds is not None


def _idempotency(grant: AccessGrant, arguments: Arguments) -> Idempotency | None:
    """Return the caller's key: it is his and this client's, and stands for the whole body."""
    key = arguments.get("idempotency_key")
    if key is None:
        return None
    body = {name: value for name, value in arguments.items() if name not in UNKEYED}
    scope = f"{grant.person.person_id} {grant.client.client_id} submit_access_request"
    return Idempotency(scope, key, fingerprint(body))


def _outcome(
    outcome: str, requests: Sequence[Json], *, dry_run: bool, replayed: bool = False
) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "access_requests": list(requests),
        "replayed": replayed,
        "dry_run": dry_run,
    }


def _needs_input(refusal: InputMissing, *, dry_run: bool) -> Answer:
    schema = required_fields(policy.DEFAULT)
    answer = {**_outcome("needs_input", [], dry_run=dry_run), "missing_fields": schema}
    return Answer(answer, f"Nothing was submitted. {refusal.sentence}")


def _preview(done: Executed) -> Answer:
    """Say what would be submitted, from the very event that would be appended."""
    event = done.events[0]
    assert isinstance(event, RequestSubmitted)  # noqa: S101 - a submission begins with it
    length = rendering.length_name(event.access_seconds)
    preview: Json = {
        "app_id": event.app.app_id,
        "app_name": event.app.name,
        "requestable_permissions": [
            {"id": one.permission_id, "label": one.label} for one in event.permissions
        ],
        "route": [],
        "auto_approval": None,
        "effective_expires_in_seconds": event.access_seconds,
        "policy": {"id": event.rule.policy_id, "version": event.rule.version},
        "warnings": [],
    }
    what = ", ".join(one.label for one in event.permissions) or event.app.name
    text = f"Nothing was submitted yet. It would ask for {what}, for {length}."
    return Answer({**_outcome("would_submit", [], dry_run=True), "preview": preview}, text)
