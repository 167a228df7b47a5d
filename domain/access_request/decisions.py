"""Decisions: who may take them, on what, on what evidence. A decision narrows or denies, never
widens; one that comes again gets the same answer, one that comes late or from somebody else is
refused, and the refusal is kept."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access_request.commands import Decide, NoteRefusedDecision, Verdict
from domain.access_request.events import DecisionRefused, DecisionTaken, RequestDenied
from domain.access_request.evolve import RequestEvent
from domain.access_request.facts import ActionFacts
from domain.access_request.guards import known_answer, sitting
from domain.access_request.routing import advance
from domain.access_request.state import AccessRequest, Item, Request, integration_voter
from domain.access_request.status import Status
from domain.access_request.unfolding import Unfolding, grouped, ids
from domain.errors import (
    AlreadyClosed,
    AlreadyDecided,
    DecisionLapsed,
    EvidenceTooWeak,
    InputMissing,
    IntegrationNotAllowed,
    NotAnApprover,
    PersonDisabled,
    SelfApproval,
    WouldWiden,
)
from domain.policy import longer, strong_enough
from domain.values import Personal, clean_text, identifier
from domain.versions import check_version

REASON_LIMIT = 1_000
KEPT_REFUSALS = 100
"""Most refused decisions that one request remembers, so that nobody can bloat it."""


def take_decision(
    state: AccessRequest, command: Decide, facts: ActionFacts
) -> Sequence[RequestEvent]:
    """Let an approver decide."""
    request = sitting(state, command.request_id)
    if known_answer(request, command.decision_id, command.digest):
        return []
    _check_author(request, command, facts)
    _check_timing(request, command, facts)
    reason = clean_text("reason", command.reason or "", limit=REASON_LIMIT)
    if command.verdict is Verdict.DENY and not reason:
        raise InputMissing(("reason",))
    chosen, rest = _chosen(request, command)
    _check_narrowing(request, command, (*chosen, *rest))
    unfolding = Unfolding(request, facts.approvers, command.now)
    words = Personal(command.decided_by or request.submission.target, reason) if reason else None
    if rest:
        _record(unfolding, command, rest, Verdict.DENY, words)
    _record(unfolding, command, chosen, command.verdict, words)
    if command.verdict is Verdict.APPROVE:
        advance(unfolding, chosen)
    unfolding.close_if_finished()
    return unfolding.events


def _check_author(request: Request, command: Decide, facts: ActionFacts) -> None:
    if command.submitted_by is not None and not facts.integration_may:
        raise IntegrationNotAllowed(command.submitted_by)
    if command.decided_by is None:
        if command.submitted_by is None:
            raise NotAnApprover
        return
    if facts.by is None:
        raise NotAnApprover
    if facts.by.record.disabled:
        raise PersonDisabled(command.decided_by)
    if command.decided_by in (request.submission.requester, request.submission.target):
        raise SelfApproval


def _check_timing(request: Request, command: Decide, facts: ActionFacts) -> None:
    identifier("decision_id", command.decision_id)
    if command.expires_at is not None and command.expires_at <= command.now:
        raise DecisionLapsed
    if not any(item.waits for item in request.items):
        raise AlreadyClosed(request.status) if request.closed else AlreadyDecided("The request")
    check_version(command.expected_version, facts.version)


def _chosen(request: Request, command: Decide) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Return the items that the decision is about, and those that it denies besides."""
    mine = tuple(item for item in request.items if _may_decide(item, command))
    if command.items is None:
        if not mine:
            raise _why_not(request.items, command)
        return mine, ()
    if not command.items:
        raise InputMissing(("items",))
    for item_id in command.items:
        item = request.item(item_id)
        if item is None:
            raise WouldWiden(item_id)
        if item not in mine:
            raise _why_not((item,), command)
    named = tuple(item for item in mine if item.item_id in command.items)
    others = tuple(item for item in mine if item not in named) if command.deny_rest else ()
    return named, others


def _may_decide(item: Item, command: Decide) -> bool:
    if not item.waits or (command.step is not None and command.step != item.stage_name):
        return False
    voter = _voter(command)
    eligible = {*item.approvers, *map(integration_voter, item.integrations)}
    return voter in eligible and voter not in item.voters


def _why_not(items: Sequence[Item], command: Decide) -> Exception:
    """Say what stands in the way of a decision on these items."""
    waiting = [item for item in items if item.waits]
    if not waiting:
        return AlreadyDecided(items[0].item_id)
    if any(_voter(command) in item.voters for item in waiting):
        return AlreadyDecided("What you had to decide")
    if command.step is not None and all(item.stage_name != command.step for item in waiting):
        return AlreadyDecided(f"The stage {command.step}")
    return NotAnApprover()


def _check_narrowing(request: Request, command: Decide, items: Sequence[Item]) -> None:
    seconds = command.access_seconds
    if seconds is not None:
        if seconds <= 0 or any(longer(seconds, item.access_seconds) for item in items):
            raise WouldWiden(f"a length of {seconds} seconds")
        if command.verdict is Verdict.DENY:
            raise WouldWiden("a length of access that is denied")
    for item in items:
        minimum = request.route_of(item).minimum_evidence
        if not strong_enough(command.evidence, minimum):
            raise EvidenceTooWeak(minimum)


def _record(
    unfolding: Unfolding,
    command: Decide,
    items: Sequence[Item],
    verdict: Verdict,
    reason: Personal | None,
) -> None:
    for _, members in grouped(items, lambda item: (item.stage, item.stage_name)):
        by_manager = members[0].status is Status.PENDING_MANAGER_APPROVAL
        unfolding.add(_taken(unfolding, command, members, verdict, reason))
        if verdict is Verdict.DENY:
            unfolding.add(
                RequestDenied(
                    unfolding.request_id, unfolding.app_id, ids(members), by_manager, reason
                )
            )


def _taken(
    unfolding: Unfolding,
    command: Decide,
    items: Sequence[Item],
    verdict: Verdict,
    reason: Personal | None,
) -> DecisionTaken:
    return DecisionTaken(
        request_id=unfolding.request_id,
        app_id=unfolding.app_id,
        decision_id=command.decision_id,
        content_hash=command.digest,
        items=ids(items),
        stage=items[0].stage,
        name=items[0].stage_name,
        verdict=verdict,
        decided_by=command.decided_by,
        submitted_by=command.submitted_by,
        evidence=command.evidence,
        proof=command.proof,
        access_seconds=command.access_seconds if verdict is Verdict.APPROVE else None,
        reason=reason,
    )


def _voter(command: Decide) -> str:
    return command.decided_by or integration_voter(command.submitted_by or "")


def note_refused(state: AccessRequest, command: NoteRefusedDecision) -> Sequence[RequestEvent]:
    """Keep a refused decision for the record."""
    if not isinstance(state, Request) or state.refusals >= KEPT_REFUSALS or state.closed:
        return []
    return [
        DecisionRefused(
            request_id=command.request_id,
            app_id=state.submission.app.app_id,
            decision_id=command.decision_id,
            decided_by=command.decided_by,
            submitted_by=command.submitted_by,
            code=command.code,
        )
    ]
