"""The decider of access requests: which rules take which command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from domain.access_request.commands import (
    ActionCommand,
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    ExtendAccess,
    LetTimePass,
    NoteRefusedDecision,
    Reassign,
    ReportFulfilment,
    RequestCommand,
    ReviseApprovers,
    RevokeAccess,
    SubmitRequest,
)
from domain.access_request.decisions import note_refused, take_decision
from domain.access_request.ending import call_off_removal, cancel, extend, revoke
from domain.access_request.evolve import RequestEvent, evolve
from domain.access_request.facts import ActionFacts, RequestFacts, SubmissionFacts
from domain.access_request.fulfilment import take_report
from domain.access_request.participation import comment, reassign, revise
from domain.access_request.passing_time import let_time_pass
from domain.access_request.state import Absent, AccessRequest
from domain.access_request.submission import submit
from domain.decider import Decider
from domain.values import RequestId, StreamId, stream_id


def decide(
    state: AccessRequest, command: RequestCommand, facts: RequestFacts
) -> Sequence[RequestEvent]:
    """Decide on one request."""
    if isinstance(command, SubmitRequest) and isinstance(facts, SubmissionFacts):
        return submit(state, command, facts)
    if not isinstance(command, SubmitRequest) and isinstance(facts, ActionFacts):
        return _act(state, command, facts)
    msg = f"{type(command).__name__} with {type(facts).__name__} cannot be decided"
    raise AssertionError(msg)


def _act(  # noqa: PLR0911, C901 - one line a command
    state: AccessRequest, command: ActionCommand, facts: ActionFacts
) -> Sequence[RequestEvent]:
    match command:
        case Decide():
            return take_decision(state, command, facts)
        case NoteRefusedDecision():
            return note_refused(state, command)
        case ReportFulfilment():
            return take_report(state, command, facts)
        case CancelRequest():
            return cancel(state, command, facts)
        case RevokeAccess():
            return revoke(state, command, facts)
        case CallOffRemoval():
            return call_off_removal(state, command, facts)
        case ExtendAccess():
            return extend(state, command)
        case CommentOnRequest():
            return comment(state, command, facts)
        case Reassign():
            return reassign(state, command, facts)
        case ReviseApprovers():
            return revise(state, command, facts)
        case LetTimePass():
            return let_time_pass(state, command, facts)
        case _ as never:
            assert_never(never)


DECIDER: Decider[AccessRequest, RequestCommand, RequestFacts, RequestEvent] = Decider(
    category="access_request", initial=Absent(), decide=decide, evolve=evolve
)


def request_stream(request_id: RequestId) -> StreamId:
    """Return the stream of one request."""
    return stream_id(DECIDER.category, request_id)


def request_of_stream(stream: StreamId) -> RequestId:
    """Return the request whose stream this is."""
    return RequestId(stream.removeprefix(f"{DECIDER.category}-"))
