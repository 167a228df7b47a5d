"""Mails about requests: enqueued by reactions, in the transaction of the events that they tell of, so
that none is lost and none tells of what did not happen. Each leads to the page of its request; nothing
can be decided by opening a link. What people wrote stands in the text alone, never in a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from domain import access_request
from domain.access_request import (
    ApproversChanged,
    ApproversReminded,
    CommentAdded,
    Deprovisioned,
    DeprovisioningStarted,
    Provisioned,
    ProvisioningDenied,
    ProvisioningStarted,
    Request,
    RequestApproved,
    RequestCancelled,
    RequestDenied,
    RequestEscalated,
    RequestExpired,
    StageStarted,
    request_stream,
)
from domain.errors import MalformedText
from domain.outgoing import Mail
from domain.review import ReviewOverdue, ReviewRequired
from domain.values import RequestId
from projections.people import person_by_id
from server.command_bus import CommandContext, Reactions, UnitOfWork
from server.mail.outbox import enqueue

DECIDE = "An access request waits for your decision"
STILL = "An access request still waits for your decision"
WORK = "There is access to grant or remove by hand"
REVIEW = "An emergency waits for your review"
TELL: dict[type, str] = {
    RequestApproved: "Your access request is approved",
    RequestDenied: "Your access request is denied",
    RequestExpired: "Nobody decided on your access request in time",
    RequestCancelled: "An access request of yours is withdrawn",
    ProvisioningDenied: "Your access will not be granted",
    Provisioned: "You have the access that you asked for",
    Deprovisioned: "An access of yours has ended",
    CommentAdded: "Somebody said something about your access request",
}
Subject = Callable[[Any], str]
To = Callable[[Request, Any], Iterable[str]]


def mail_reactions(issuer: str) -> Reactions:
    """Return what mails follow from which events; `issuer` is where the pages are."""

    def mails(subject: str, to: To) -> Callable[[UnitOfWork, Any, CommandContext], None]:
        def react(work: UnitOfWork, event: Any, context: CommandContext) -> None:
            _, state = work.state_of(access_request.DECIDER, request_stream(event.request_id))
            if isinstance(state, Request):
                _mail(work, issuer, subject, state, event, set(to(state, event)), context)

        return react

    return {
        StageStarted: mails(DECIDE, lambda _request, event: event.approvers),
        ApproversChanged: mails(DECIDE, lambda _request, event: event.approvers),
        RequestEscalated: mails(DECIDE, lambda _request, event: event.approvers),
        ApproversReminded: mails(STILL, lambda _request, event: event.approvers),
        ProvisioningStarted: mails(WORK, lambda _request, event: event.task.assignees),
        DeprovisioningStarted: mails(WORK, lambda _request, event: event.task.assignees),
        ReviewRequired: mails(REVIEW, lambda _request, event: event.reviewers),
        ReviewOverdue: mails(REVIEW, lambda _request, event: event.reviewers),
        **{kind: mails(subject, _concerned) for kind, subject in TELL.items()},
    }


def _concerned(request: Request, _event: object) -> Iterable[str]:
    return (request.submission.requester, request.submission.target)


def _mail(
    work: UnitOfWork,
    issuer: str,
    subject: str,
    request: Request,
    event: Any,
    people: set[str],
    context: CommandContext,
) -> None:
    """Tell each of them once; not who did it himself."""
    submission = request.submission
    target = person_by_id(work.rows, submission.target)
    for person_id in sorted(people - {context.actor.subject}):
        person = person_by_id(work.rows, person_id)
        if person is None or person.disabled or not person.email:
            continue
        text = _text(issuer, subject, request, event, target.full_name if target else "somebody")
        key = _message_id(issuer, submission.request_id, event, person_id, context)
        try:
            mail = Mail(person.email, subject, text, key)
        except MalformedText:
            continue  # The directory's address is none: nobody can be told there.
        enqueue(work.rows, mail, context.now)


def _text(issuer: str, subject: str, request: Request, event: Any, target: str) -> str:
    submission = request.submission
    lines = [
        f"{subject}.",
        "",
        f"What: {submission.what} ({submission.app.name})",
        f"For: {target}",
    ]
    for heading, words in (
        ("Why", submission.justification),
        ("Reason", getattr(event, "reason", None)),
        ("Said", getattr(event, "text", None)),
    ):
        if words is not None:
            lines.append(f"{heading}: {words.text}")
    lines += ["", f"{issuer}/requests/{submission.request_id}"]
    return "\n".join(lines)


def _message_id(
    issuer: str, request_id: RequestId, event: Any, person_id: str, context: CommandContext
) -> str:
    """Return an id that is this event's and this person's for ever."""
    about = f"{request_id} {event!r} {person_id} {context.correlation_id} {context.now}"
    host = urlsplit(issuer).hostname or "doorward"
    return f"{sha256(about.encode()).hexdigest()[:32]}@{host}"
