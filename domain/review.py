"""The review of an emergency: access that was taken without asking is judged afterwards, by somebody
else, and the review stays open until somebody has. An objection ends the access; the reviewer says
why. One stream for each request that was an emergency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, assert_never

from domain.decider import Decider
from domain.errors import (
    AlreadyDecided,
    InputMissing,
    NotAnApprover,
    PersonDisabled,
    SelfApproval,
    UnknownRequest,
)
from domain.person import PersonRecord, Role
from domain.values import AppId, Personal, PersonId, RequestId, StreamId, clean_text, stream_id

REMARK_LIMIT = 2_000
REMIND_EVERY = timedelta(days=1)


class Judgement(StrEnum):
    """What a reviewer finds: the emergency was one, or it was not."""

    JUSTIFIED = "justified"
    OBJECTED = "objected"


@dataclass(frozen=True, slots=True)
class RequireReview:
    """Have the emergency judged by one of `reviewers` until `due_at`."""

    request_id: RequestId
    app_id: AppId
    requester: PersonId
    target: PersonId
    reviewers: tuple[PersonId, ...]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CompleteReview:
    """Judge the emergency; `remark` says why."""

    request_id: RequestId
    by: PersonId
    judgement: Judgement
    remark: str


@dataclass(frozen=True, slots=True)
class RemindReviewers:
    """Say that the review is overdue, if it is."""

    request_id: RequestId
    now: datetime


@dataclass(frozen=True, slots=True)
class ReviewerFacts:
    """The person who judges, as the directory has him; None if it does not."""

    by: PersonRecord | None


@dataclass(frozen=True, slots=True)
class ReviewRequired:
    """The emergency has to be judged until `due_at`."""

    TOPIC: ClassVar[str] = "review.required"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    requester: PersonId
    target: PersonId
    reviewers: tuple[PersonId, ...]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewOverdue:
    """Nobody has judged in time; it is asked for again at `remind_at`, by administrators too."""

    TOPIC: ClassVar[str] = "review.overdue"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    reviewers: tuple[PersonId, ...]
    remind_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewCompleted:
    """The emergency was judged."""

    TOPIC: ClassVar[str] = "review.completed"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    by: PersonId
    judgement: Judgement
    remark: Personal


ReviewCommand = RequireReview | CompleteReview | RemindReviewers
ReviewFacts = ReviewerFacts | None
"""Only `CompleteReview` rests on facts."""
ReviewEvent = ReviewRequired | ReviewOverdue | ReviewCompleted


@dataclass(frozen=True, slots=True)
class Review:
    """State of a review: what was required, when it is due (again), and the judgement."""

    required: ReviewRequired | None = None
    due_at: datetime | None = None
    judgement: Judgement | None = None


def decide(state: Review, command: ReviewCommand, facts: ReviewFacts) -> Sequence[ReviewEvent]:
    """Decide on one review."""
    match command:
        case RequireReview():
            return [] if state.required else [_required(command)]
        case CompleteReview():
            return _complete(state, command, facts)
        case RemindReviewers():
            return _remind(state, command)
        case _ as never:
            assert_never(never)


def _required(command: RequireReview) -> ReviewRequired:
    concerned = {command.requester, command.target}
    return ReviewRequired(
        command.request_id,
        command.app_id,
        command.requester,
        command.target,
        tuple(sorted(set(command.reviewers) - concerned)),
        command.due_at,
    )


def _complete(state: Review, command: CompleteReview, facts: ReviewFacts) -> Sequence[ReviewEvent]:
    required = state.required
    if required is None:
        raise UnknownRequest(command.request_id)
    if facts is None or facts.by is None or facts.by.disabled:
        raise PersonDisabled(command.by)
    if command.by in (required.requester, required.target):
        raise SelfApproval
    if command.by not in required.reviewers and Role.ADMINISTRATOR not in facts.by.roles:
        raise NotAnApprover
    if state.judgement is not None:
        raise AlreadyDecided("The review")
    remark = clean_text("remark", command.remark, limit=REMARK_LIMIT)
    if not remark:
        raise InputMissing(("remark",))
    words = Personal(command.by, remark)
    app_id = required.app_id
    return [ReviewCompleted(command.request_id, app_id, command.by, command.judgement, words)]


def _remind(state: Review, command: RemindReviewers) -> Sequence[ReviewEvent]:
    required, due_at = state.required, state.due_at
    if required is None or due_at is None or due_at > command.now:
        return []
    again = command.now + REMIND_EVERY
    return [ReviewOverdue(command.request_id, required.app_id, required.reviewers, again)]


def evolve(state: Review, event: ReviewEvent) -> Review:
    """Fold one review event."""
    match event:
        case ReviewRequired():
            return Review(event, event.due_at)
        case ReviewOverdue(remind_at=remind_at):
            return replace(state, due_at=remind_at)
        case ReviewCompleted(judgement=judgement):
            return replace(state, due_at=None, judgement=judgement)
        case _ as never:
            assert_never(never)


DECIDER: Decider[Review, ReviewCommand, ReviewFacts, ReviewEvent] = Decider(
    category="review", initial=Review(), decide=decide, evolve=evolve
)


def review_stream(request_id: RequestId) -> StreamId:
    """Return the stream of the review of one request."""
    return stream_id(DECIDER.category, request_id)
