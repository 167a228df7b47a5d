"""The tool that submits. The answer says honestly what came of it: a new request, one that policy
approved at once, an equal one that was open already, what the person has already, or what he has to
tell first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.access_request import RequestApproved, SubmitRequest, request_of_stream
from domain.errors import AlreadyHeld, InputMissing
from domain.ports import Clock, NewId, Rows
from domain.values import AppId, PermissionId, PersonId, RequestId
from projections.access_requests import RequestRow, request_of
from projections.catalog.governed import policy_names
from projections.policies import policy_for
from server.bearer import AccessGrant
from server.command_bus import CommandBus, Executed
from server.mcp.answers import Answer, Json
from server.mcp.arguments import Arguments, BadArguments, moment
from server.mcp.commands import context_of, idempotency_of
from server.mcp.forms import required_fields
from server.mcp.previewing import preview
from server.mcp.request_rendering import RequestRendering
from server.policies.durations import parse_length
from server.reads import Reads

CHECK_AFTER_SECONDS = 60
TOOL = "submit_access_request"
NO_LENGTH = 0
"""Seconds that stand for a text that is no length. No policy offers them, so that the refusal names those that the
policy of what is asked for does offer."""
Shown = tuple[Json, str]
"""A request as fields, and in a line."""
SAID = {
    "submitted": "Submitted",
    "approved": "Submitted, and approved by policy at once; access is being granted",
    "duplicate_pending": "An equal request is open already",
    "already_held": "Nothing was submitted: the person has this access already",
}


@dataclass(frozen=True, slots=True)
class Submitting:
    """Runs submit_access_request, for one caller at a time."""

    bus: CommandBus
    reads: Reads
    clock: Clock
    new_id: NewId
    issuer: str

    async def __call__(self, grant: AccessGrant, arguments: Arguments) -> Answer:
        """Answer the tool."""
        command = await self._submission(grant.person.person_id, arguments)
        context = replace(
            context_of(grant, command.now, self.new_id),
            idempotency=idempotency_of(TOOL, grant, arguments),
        )
        dry_run = bool(arguments["dry_run"])
        try:
            done = await self.bus.execute(command, context, dry_run=dry_run)
        except InputMissing as refusal:
            return await self._needs_input(command, refusal, dry_run=dry_run)
        except AlreadyHeld as refusal:
            return await self._held(grant.person.person_id, refusal, dry_run=dry_run)
        if dry_run and done.changed:
            return await self._preview(done)
        shown = await self._shown(grant.person.person_id, command.target, done)
        return _answer(shown, _outcome_of(done), dry_run=dry_run, replayed=done.replayed)

    async def _submission(self, requester: PersonId, arguments: Arguments) -> SubmitRequest:
        seconds, given = _length(arguments)
        extends = arguments.get("extends_request_id")
        extended = await self._extended(requester, extends) if extends else None
        target = extended.target if extended else requester
        return SubmitRequest(
            request_id=RequestId(self.new_id()),
            requester=requester,
            target=PersonId(arguments.get("target_user_id", target)),
            app_id=AppId(arguments["app_id"]),
            permission_ids=_permissions(arguments, extended),
            justification=arguments.get("business_justification"),
            now=self.clock(),
            access_seconds=seconds,
            length_given=given,
            starts_at=moment(arguments, "starts_at"),
            answers=_answers(arguments),
            extends=RequestId(extends) if extends else None,
        )

    async def _extended(self, person: PersonId, request_id: str) -> RequestRow | None:
        """Return the request whose access shall last longer, if this person knows it."""
        return await self.reads.query(lambda rows: request_of(rows, person, request_id))

    async def _needs_input(
        self, command: SubmitRequest, refusal: InputMissing, *, dry_run: bool
    ) -> Answer:
        def schema(rows: Rows) -> Json:
            names = policy_names(rows, command.app_id, command.permission_ids)
            policies = [policy_for(rows, *one) for one in names]
            return required_fields(policies, refusal.fields)

        missing = await self.reads.query(schema)
        answer = {**_outcome("needs_input", [], dry_run=dry_run), "missing_fields": missing}
        return Answer(answer, f"Nothing was submitted. {refusal.sentence}")

    async def _held(self, person: PersonId, refusal: AlreadyHeld, *, dry_run: bool) -> Answer:
        """Show through which request it is held, unless that is none of the caller's."""

        def ask(rows: Rows) -> Shown | None:
            row = request_of(rows, person, refusal.request_id)
            return None if row is None else self._rendered(rows, row)

        shown = await self.reads.point_query(ask)
        if shown is None:
            raise refusal
        return _answer(shown, "already_held", dry_run=dry_run)

    async def _preview(self, done: Executed) -> Answer:
        shown, sentence = await self.reads.query(lambda rows: preview(rows, done.events))
        fields = {**_outcome("would_submit", [], dry_run=True), "preview": shown}
        return Answer(fields, f"Nothing was submitted yet. {sentence}")

    async def _shown(self, caller: PersonId, target: PersonId, done: Executed) -> Shown:
        request_id = request_of_stream(done.stream)

        def ask(rows: Rows) -> Shown:
            # An equal request for one's report may be another's: it is shown as its target sees it.
            row = request_of(rows, caller, request_id) or request_of(rows, target, request_id)
            assert row is not None, "a committed request is visible to the next query"  # noqa: S101
            return self._rendered(rows, row)

        return await self.reads.point_query(ask)

    def _rendered(self, rows: Rows, row: RequestRow) -> Shown:
        return RequestRendering(rows, rows, self.issuer).shown((row,))[0]


def _answer(shown: Shown, outcome: str, *, dry_run: bool, replayed: bool = False) -> Answer:
    fields, line = shown
    answer = _outcome(outcome, [fields], dry_run=dry_run, replayed=replayed)
    answer["next"] = {
        "check_after_seconds": CHECK_AFTER_SECONDS,
        "tool": "list_access_requests",
        "url": fields["url"],
    }
    return Answer(answer, f"{SAID[outcome]}:\n{line}")


def _outcome_of(done: Executed) -> str:
    if not done.changed:
        return "duplicate_pending"
    approved = any(isinstance(one, RequestApproved) for one in done.events)
    return "approved" if approved else "submitted"


def _permissions(arguments: Arguments, extended: RequestRow | None) -> tuple[PermissionId, ...]:
    """Return what is asked for; an extension is for all that the request gave, unless it says."""
    if extended is not None and "requestable_permission_ids" not in arguments:
        return tuple(one.permission_id for one in extended.permissions)
    return tuple(map(PermissionId, arguments.get("requestable_permission_ids", ())))


def _answers(arguments: Arguments) -> tuple[tuple[str, str], ...]:
    """Return the answers by id or prompt; raises `BadArguments`."""
    answers: dict[str, str] = {}
    for one in arguments.get("custom_fields", ()):
        if ("id" in one) == ("prompt" in one):
            raise BadArguments("custom_fields: name each field by its id or its prompt.")
        key = one.get("id") or one["prompt"]
        if key in answers:
            raise BadArguments("custom_fields: each field is answered once.")
        answers[key] = one["response"]
    return tuple(answers.items())


def _length(arguments: Arguments) -> tuple[int | None, bool]:
    """Return the asked length in seconds, and whether one was asked at all."""
    named, seconds = arguments.get("access_length"), arguments.get("expiration_in_seconds")
    if named is not None and seconds is not None:
        raise BadArguments("Give access_length or expiration_in_seconds, not both.")
    if named is None:
        return seconds, seconds is not None
    try:
        return parse_length(named), True
    except ValueError:
        return NO_LENGTH, True


def _outcome(
    outcome: str, requests: Sequence[Json], *, dry_run: bool, replayed: bool = False
) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "access_requests": list(requests),
        "replayed": replayed,
        "dry_run": dry_run,
    }
