"""The rules of an access request: what may be asked, who may withdraw it, and how its events fold.
The decisions, provisioning and expiry of issue 4 join here as further commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from domain import policy as rules
from domain.access_request.vocabulary import (
    Absent,
    AccessRequest,
    CancellationFacts,
    CancelRequest,
    Closed,
    Directory,
    KnownPerson,
    Pending,
    RequestCancelled,
    RequestCommand,
    RequestedApp,
    RequestedPermission,
    RequestEvent,
    RequestFacts,
    RequestSubmitted,
    RuleUsed,
    Status,
    SubmissionFacts,
    SubmitRequest,
)
from domain.decider import Decider
from domain.errors import (
    AlreadyClosed,
    InputMissing,
    OnBehalfNotAllowed,
    OnePermissionOnly,
    PermissionOfOtherApp,
    PersonDisabled,
    RepeatedPermission,
    StaleVersion,
    StartInThePast,
    TooMany,
    UnknownApp,
    UnknownField,
    UnknownPermission,
    UnknownPerson,
    UnknownRequest,
)
from domain.person import PersonRecord, Role
from domain.policy import Policy
from domain.values import (
    AppId,
    PermissionId,
    Personal,
    PersonId,
    RequestId,
    StreamId,
    clean_text,
    stream_id,
)

JUSTIFICATION_LIMIT = 2_000
REASON_LIMIT = 1_000
MOST_PERMISSIONS = 50


def decide(
    state: AccessRequest, command: RequestCommand, facts: RequestFacts
) -> Sequence[RequestEvent]:
    """Decide on one request."""
    match command, facts:
        case SubmitRequest(), SubmissionFacts():
            return _submit(state, command, facts)
        case CancelRequest(), CancellationFacts():
            return _cancel(state, command, facts)
        case _:
            msg = f"{type(command).__name__} with {type(facts).__name__} cannot be decided"
            raise AssertionError(msg)


def _submit(
    state: AccessRequest, command: SubmitRequest, facts: SubmissionFacts
) -> Sequence[RequestEvent]:
    requester, target = _people(command, facts)
    rules.check_on_behalf(facts.policy, command.requester, command.target, target.record)
    app, permissions = _catalog(command, facts, target.record)
    _check_form(command)
    length = _length(command, facts.policy)
    justification = _justification(command, facts.policy)
    if not isinstance(state, Absent):
        # The bus leads an equal request to the one still open: asked and answered. Only a caller
        # who could have submitted it gets this far, so nobody learns of a stranger's request.
        return []
    return [
        RequestSubmitted(
            request_id=command.request_id,
            requester=command.requester,
            target=command.target,
            app=app,
            permissions=permissions,
            access_seconds=length,
            justification=justification,
            starts_at=command.starts_at,
            directory=_directory(requester, target),
            rule=RuleUsed(facts.policy.policy_id, facts.policy.version),
        )
    ]


def _people(command: SubmitRequest, facts: SubmissionFacts) -> tuple[KnownPerson, KnownPerson]:
    if facts.requester is None:
        raise UnknownPerson(command.requester)
    if facts.requester.record.disabled:
        raise PersonDisabled(command.requester)
    if facts.target is None:
        # As for somebody who is not a report: ids of people cannot be probed.
        raise OnBehalfNotAllowed(command.target)
    return facts.requester, facts.target


def _check_form(command: SubmitRequest) -> None:
    if command.starts_at is not None and command.starts_at < command.now:
        raise StartInThePast
    if command.custom_fields:
        raise UnknownField(command.custom_fields[0])


def _directory(requester: KnownPerson, target: KnownPerson) -> Directory:
    return Directory(
        requester_version=requester.version,
        target_version=target.version,
        target_manager=target.record.manager,
        target_groups=target.record.groups,
    )


def _catalog(
    command: SubmitRequest, facts: SubmissionFacts, target: PersonRecord
) -> tuple[RequestedApp, tuple[RequestedPermission, ...]]:
    if facts.app is None or not rules.may_see(facts.app.record, target):
        raise UnknownApp(command.app_id)
    if len(command.permission_ids) > MOST_PERMISSIONS:
        raise TooMany("requestable_permission_ids", MOST_PERMISSIONS)
    if len(command.permission_ids) > 1 and not facts.app.record.multiple_permissions:
        raise OnePermissionOnly(command.app_id)
    asked: dict[PermissionId, RequestedPermission] = {}
    for permission_id, known in zip(command.permission_ids, facts.permissions, strict=True):
        if known is None or known.app is None or not rules.may_see(known.app, target):
            raise UnknownPermission(permission_id)
        if known.record.app_id != command.app_id:
            raise PermissionOfOtherApp(permission_id, command.app_id)
        if permission_id in asked:
            raise RepeatedPermission(permission_id)
        asked[permission_id] = RequestedPermission(
            permission_id, known.record.label, known.version
        )
    app = RequestedApp(command.app_id, facts.app.record.name, facts.app.version)
    return app, tuple(asked.values())


def _length(command: SubmitRequest, policy: Policy) -> int | None:
    seconds = command.access_seconds if command.length_given else policy.default_access_length
    rules.check_length(policy, seconds)
    return seconds


def _justification(command: SubmitRequest, policy: Policy) -> Personal | None:
    text = clean_text(
        "business_justification", command.justification or "", limit=JUSTIFICATION_LIMIT
    )
    if not text:
        if policy.justification_required:
            raise InputMissing(("business_justification",))
        return None
    return Personal(command.requester, text)


def _cancel(
    state: AccessRequest, command: CancelRequest, facts: CancellationFacts
) -> Sequence[RequestEvent]:
    if isinstance(state, Absent):
        raise UnknownRequest(command.request_id)
    if facts.by is None or facts.by.record.disabled:
        raise PersonDisabled(command.by)
    own = command.by in (state.submission.requester, state.submission.target)
    if not own and Role.ADMINISTRATOR not in facts.by.record.roles:
        # As for a request that never was: ids cannot be probed.
        raise UnknownRequest(command.request_id)
    if isinstance(state, Closed):
        raise AlreadyClosed(state.status)
    if command.expected_version not in (None, facts.version):
        raise StaleVersion(command.expected_version or 0, facts.version)
    reason = clean_text("reason", command.reason or "", limit=REASON_LIMIT)
    return [
        RequestCancelled(
            request_id=command.request_id,
            by=command.by,
            reason=Personal(command.by, reason) if reason else None,
            snapshot=state.submission,
        )
    ]


def evolve(state: AccessRequest, event: RequestEvent) -> AccessRequest:
    """Fold one request event."""
    match event:
        case RequestSubmitted():
            return Pending(event)
        case RequestCancelled():
            submission = state.submission if isinstance(state, Pending) else event.snapshot
            return Closed(submission, Status.CANCELLED)
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


def slot(target: PersonId, app_id: AppId, permission_ids: Sequence[PermissionId]) -> str:
    """Return what makes two open requests equal: who gets which access. Order does not count."""
    return "\n".join((target, app_id, *sorted(permission_ids)))
