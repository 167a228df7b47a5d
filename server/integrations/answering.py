"""The one way from an integration's command to its outcome. The command, what follows from it and the
outcome are one transaction: after a crash either all of it happened or nothing, and then the
command comes again. A refusal is an outcome too, and a refused decision is kept in the request's
history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.access_request import (
    Decide,
    NoteRefusedDecision,
    ReportFulfilment,
    RequestCommand,
)
from domain.errors import Refused
from domain.ports import Clock, CommandOutcome, InboundCommand, NewId
from domain.values import Actor, PersonId, RequestId
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.integrations.command_outcomes import keep_outcome, known_outcome
from server.integrations.evidence import Decider, Vouch, decider_of, vouched_person
from server.integrations.reading import Command, Decision, Report, read

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers commands (`domain.ports.AnswerCommand`)."""

    bus: CommandBus
    clock: Clock
    new_id: NewId
    vouch: Vouch | None = None

    async def __call__(self, inbound: InboundCommand) -> CommandOutcome:
        """Take a command to its durable outcome; raises `Poison` or `Unavailable`."""
        command = read(inbound)
        try:
            vouched = await vouched_person(command, self.vouch)
        except Refused as unproved:
            refusal = unproved
            return await self.bus.call(lambda work: self._refuse(work, inbound, command, refusal))
        return await self.bus.call(lambda work: self._answer(work, inbound, command, vouched))

    def _answer(
        self,
        work: UnitOfWork,
        inbound: InboundCommand,
        command: Command,
        vouched: PersonId | None,
    ) -> CommandOutcome:
        known = _known(work, inbound, command)
        if known is not None:
            return known
        now, person = self.clock(), None
        try:
            decider = decider_of(work.rows, inbound.principal, command, vouched)
            person = decider.person
            context = self._context(inbound, person, now)
            done = work.execute(_wish(inbound, command, decider, now), context)
        except Refused as refusal:
            return self._refused(work, inbound, command, refusal, person)
        outcome = CommandOutcome(
            command.command_id,
            command.content.request_id,
            accepted=True,
            code=ACCEPTED,
            version=done.version,
        )
        return keep_outcome(work.rows, inbound.principal, command.digest, outcome, now)

    def _refuse(
        self, work: UnitOfWork, inbound: InboundCommand, command: Command, refusal: Refused
    ) -> CommandOutcome:
        known = _known(work, inbound, command)
        return known or self._refused(work, inbound, command, refusal, None)

    def _refused(
        self,
        work: UnitOfWork,
        inbound: InboundCommand,
        command: Command,
        refusal: Refused,
        person: PersonId | None,
    ) -> CommandOutcome:
        content, now = command.content, self.clock()
        if isinstance(content, Decision):
            note = NoteRefusedDecision(
                RequestId(content.request_id),
                command.command_id,
                person,
                inbound.principal,
                refusal.code,
            )
            work.execute(note, self._context(inbound, person, now))
        outcome = CommandOutcome(
            command.command_id,
            content.request_id,
            accepted=False,
            code=refusal.code,
            sentence=refusal.sentence,
        )
        return keep_outcome(work.rows, inbound.principal, command.digest, outcome, now)

    def _context(
        self, inbound: InboundCommand, person: PersonId | None, now: datetime
    ) -> CommandContext:
        actor = Actor(inbound.via, person, service=inbound.principal)
        return CommandContext(actor, now, self.new_id())


def _known(work: UnitOfWork, inbound: InboundCommand, command: Command) -> CommandOutcome | None:
    request_id = command.content.request_id
    return known_outcome(
        work.rows, inbound.principal, command.command_id, request_id, command.digest
    )


def _wish(
    inbound: InboundCommand, command: Command, decider: Decider, now: datetime
) -> RequestCommand:
    content = command.content
    if isinstance(content, Report):
        return _report(inbound, command, content, now)
    return _decision(inbound, command, content, decider, now)


def _report(
    inbound: InboundCommand, command: Command, content: Report, now: datetime
) -> ReportFulfilment:
    return ReportFulfilment(
        request_id=RequestId(content.request_id),
        report_id=command.command_id,
        digest=command.digest,
        action=content.action,
        result=content.result,
        now=now,
        submitted_by=inbound.principal,
        items=_items(content),
        reason=content.reason,
        expected_version=content.expected_version,
    )


def _decision(
    inbound: InboundCommand, command: Command, content: Decision, decider: Decider, now: datetime
) -> Decide:
    return Decide(
        request_id=RequestId(content.request_id),
        decision_id=command.command_id,
        digest=command.digest,
        verdict=content.decision,
        now=now,
        decided_by=decider.person,
        submitted_by=inbound.principal,
        evidence=decider.evidence,
        proof=decider.proof,
        items=_items(content),
        deny_rest=content.deny_rest,
        access_seconds=content.access_seconds,
        reason=content.reason,
        step=content.step,
        expected_version=content.expected_version,
        expires_at=content.expires_at,
    )


def _items(content: Decision | Report) -> tuple[str, ...] | None:
    return None if content.items is None else tuple(content.items)
