"""The commands on access requests, rebuilt from the events that they led to. What a command left to the rules
(which items, how long) is taken from what they made of it: the rules give the same for both. Where an event
fits more than one command, all are tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.access_request import (
    AccessExtended,
    AccessRevoked,
    Action,
    ApproversChanged,
    ApproversReminded,
    CallOffRemoval,
    CancelRequest,
    CommentAdded,
    CommentOnRequest,
    Decide,
    DecisionRefused,
    DecisionTaken,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    LetTimePass,
    NoteRefusedDecision,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    Reassign,
    RemovalCalledOff,
    ReportFulfilment,
    RequestApproved,
    RequestCancelled,
    RequestEscalated,
    RequestExpired,
    RequestRouted,
    RequestSubmitted,
    Result,
    ReviseApprovers,
    RevokeAccess,
    SubmitRequest,
    Verdict,
)
from domain.events import Event
from domain.review import (
    CompleteReview,
    RemindReviewers,
    ReviewCompleted,
    ReviewOverdue,
    ReviewRequired,
)
from domain.values import Personal, PersonId
from server.audit.replay.before import Before, NotReplayable, Rebuild
from server.audit.replay.runs import REPORTS
from server.command_bus import CommandContext, UnitOfWork
from server.request_reactions import approved, routed

CAUSES = (RequestRouted, RequestApproved)
"""What a command may have to be rebuilt from besides its own events."""


def submission(before: Before, event: RequestSubmitted) -> Sequence[SubmitRequest]:
    """Return the wish that was submitted. Its length is as good as asked for, where it was the default."""
    return [
        SubmitRequest(
            request_id=event.request_id,
            requester=event.requester,
            target=event.target,
            app_id=event.app.app_id,
            permission_ids=tuple(one.permission_id for one in event.permissions),
            justification=_text(event.justification),
            now=before.at,
            access_seconds=event.access_seconds,
            length_given=True,
            starts_at=event.starts_at,
            answers=tuple((one.field_id, one.response.text) for one in event.answers),
            extends=event.extends,
            emergency=event.emergency,
        )
    ]


def _text(personal: Personal | None) -> str | None:
    return None if personal is None else personal.text


def _decision(before: Before, _event: DecisionTaken) -> Sequence[Decide]:
    """An approval that denied the rest has both verdicts; of two denials one may be of the rest."""
    taken = [one for one in before.own if isinstance(one, DecisionTaken)]
    approving = [one for one in taken if one.verdict is Verdict.APPROVE]
    if approving:
        return [_decided(before, approving, deny_rest=len(approving) < len(taken))]
    return [_decided(before, taken[at:], deny_rest=at > 0) for at in range(len(taken))]


def _decided(before: Before, named: Sequence[DecisionTaken], *, deny_rest: bool) -> Decide:
    event = named[0]
    return Decide(
        request_id=event.request_id,
        decision_id=event.decision_id,
        digest=event.content_hash,
        verdict=event.verdict,
        now=before.at,
        decided_by=event.decided_by,
        submitted_by=event.submitted_by,
        evidence=event.evidence,
        proof=event.proof,
        items=tuple(item for one in named for item in one.items),
        deny_rest=deny_rest,
        access_seconds=event.access_seconds,
        reason=_text(event.reason),
    )


def _refused(_before: Before, event: DecisionRefused) -> Sequence[NoteRefusedDecision]:
    return [
        NoteRefusedDecision(
            event.request_id,
            event.decision_id,
            event.decided_by,
            event.submitted_by,
            event.code,
        )
    ]


def _report(before: Before, event: Provisioned | ProvisioningFailed) -> Sequence[object]:
    """What was not answered in time has failed without a report."""
    if event.report_id is None:
        return _time(before, event)
    person, integration = _reporter(before, event)
    granting = isinstance(event, Provisioned | ProvisioningFailed | ProvisioningDenied)
    return [
        ReportFulfilment(
            request_id=event.request_id,
            report_id=event.report_id,
            digest=event.content_hash,
            action=Action.GRANT if granting else Action.REMOVE,
            result=result,
            now=before.at,
            reported_by=person,
            submitted_by=integration,
            items=tuple(one.item_id for one in before.own if isinstance(one, REPORTS)),
            reason=_text(getattr(event, "reason", None)),
        )
        for result in RESULTS[type(event)]
    ]


RESULTS: Mapping[type, Sequence[Result]] = {
    Provisioned: (Result.DONE,),
    Deprovisioned: (Result.DONE,),
    ProvisioningDenied: (Result.REFUSED,),
    ProvisioningFailed: (Result.FAILED,),
    # A removal that was refused has failed too, and is tried no more.
    DeprovisioningFailed: (Result.FAILED, Result.REFUSED),
}


def _reporter(before: Before, event: Event) -> tuple[PersonId | None, str | None]:
    """A report that something failed names nobody: whoever acted gave it."""
    if not isinstance(event, ProvisioningFailed | DeprovisioningFailed):
        return getattr(event, "reported_by", None), getattr(event, "submitted_by", None)
    actor = before.envelope.actor
    if actor.service is None and actor.subject is None:
        raise NotReplayable("who reported that it failed is not recorded")
    return (None, actor.service) if actor.service else (actor.subject, None)


def _time(before: Before, event: Any) -> Sequence[LetTimePass]:
    return [LetTimePass(event.request_id, before.at)]


def _cancellation(before: Before, event: RequestCancelled) -> Sequence[CancelRequest]:
    items, reason = event.items or None, _text(event.reason)
    return [CancelRequest(event.request_id, event.by, reason, before.at, items)]


def _revocation(before: Before, event: AccessRevoked) -> Sequence[RevokeAccess]:
    reason = _text(event.reason)
    return [RevokeAccess(event.request_id, event.by, reason, before.at, event.items)]


def _called_off(before: Before, event: RemovalCalledOff) -> Sequence[CallOffRemoval]:
    return [CallOffRemoval(event.request_id, event.by, event.reason.text, before.at)]


def _comment(before: Before, event: CommentAdded) -> Sequence[CommentOnRequest]:
    return [CommentOnRequest(event.request_id, event.by, event.text.text, before.at)]


def _approvers(before: Before, event: ApproversChanged) -> Sequence[object]:
    """Whoever has approved already is left out by the rules, stage by stage: all were named."""
    if event.by is None:
        return [ReviseApprovers(event.request_id, before.at)]
    changed = [one for one in before.own if isinstance(one, ApproversChanged)]
    people = tuple(sorted({person for one in changed for person in one.approvers}))
    return [Reassign(event.request_id, event.by, people, _text(event.reason), before.at)]


Reaction = Callable[[UnitOfWork, Any, CommandContext], None]


def _caused(reaction: Reaction, kind: type[Event]) -> Rebuild:
    """What the server does by itself is what its reaction to the cause does."""

    def rebuild(before: Before, _event: object) -> Sequence[object]:
        if not isinstance(before.cause, kind):
            return []
        return before.work.overhear(reaction, before.cause, before.context)

    return rebuild


def _reviewed(_before: Before, event: ReviewCompleted) -> Sequence[CompleteReview]:
    remark = event.remark.text
    return [CompleteReview(event.request_id, event.by, event.judgement, remark)]


def _overdue(before: Before, event: ReviewOverdue) -> Sequence[RemindReviewers]:
    return [RemindReviewers(event.request_id, before.at)]


REQUEST_COMMANDS: Mapping[type[Event], Rebuild] = {
    RequestSubmitted: submission,
    DecisionTaken: _decision,
    DecisionRefused: _refused,
    Provisioned: _report,
    ProvisioningFailed: _report,
    ProvisioningDenied: _report,
    Deprovisioned: _report,
    DeprovisioningFailed: _report,
    RequestExpired: _time,
    RequestEscalated: _time,
    ApproversReminded: _time,
    ProvisioningStarted: _time,
    DeprovisioningStarted: _time,
    RequestCancelled: _cancellation,
    AccessRevoked: _revocation,
    RemovalCalledOff: _called_off,
    CommentAdded: _comment,
    ApproversChanged: _approvers,
    AccessExtended: _caused(approved, RequestApproved),
    ReviewRequired: _caused(routed, RequestRouted),
    ReviewCompleted: _reviewed,
    ReviewOverdue: _overdue,
}
