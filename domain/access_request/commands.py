"""What can be wished of an access request. Times and ids come in from outside; texts are as their
authors gave them and are cleaned when decided on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.policy import Evidence
from domain.values import AppId, PermissionId, PersonId, RequestId

ItemId = str
"""A permission's id, or the app's where the app itself is asked for."""


class Verdict(StrEnum):
    """What an approver says."""

    APPROVE = "approve"
    DENY = "deny"


class Action(StrEnum):
    """What a provisioner is to do."""

    GRANT = "grant"
    REMOVE = "remove"


class Result(StrEnum):
    """What a provisioner says: it is done, it could not be done now, it will not be done."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """Ask for access. No permissions asks for the app itself. `access_seconds` None is
    unlimited; leave `length_given` False to take the policy's default. `answers` are pairs of
    field (id or prompt) and answer; `extends` names the request whose access shall last longer;
    `emergency` invokes the policy's break-glass rule."""

    request_id: RequestId
    requester: PersonId
    target: PersonId
    app_id: AppId
    permission_ids: tuple[PermissionId, ...]
    justification: str | None
    now: datetime
    access_seconds: int | None = None
    length_given: bool = False
    starts_at: datetime | None = None
    answers: tuple[tuple[str, str], ...] = ()
    extends: RequestId | None = None
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Decide:
    """Approve or deny items at the stage they stand at.

    `decided_by` is the person, `submitted_by` the integration that brought it; an integration that
    decides by itself names no person. `items` None is all that may be decided; with `deny_rest`
    those not named are denied in the same breath. `access_seconds` shortens what was asked. A
    decision is known for ever by `decision_id`; `digest` stands for its whole content and `proof`
    is the signed statement, if there is one. `step` binds it to a stage, `expires_at` to a time.
    """

    request_id: RequestId
    decision_id: str
    digest: str
    verdict: Verdict
    now: datetime
    decided_by: PersonId | None
    submitted_by: str | None = None
    evidence: Evidence = Evidence.ASSERTED
    proof: str | None = None
    items: tuple[ItemId, ...] | None = None
    deny_rest: bool = False
    access_seconds: int | None = None
    reason: str | None = None
    step: str | None = None
    expected_version: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoteRefusedDecision:
    """Keep for the record that a decision on this request was refused."""

    request_id: RequestId
    decision_id: str
    decided_by: PersonId | None
    submitted_by: str | None
    code: str


@dataclass(frozen=True, slots=True)
class ReportFulfilment:
    """Say how the granting or removing of items went; `items` None is all for which `action` is
    under way and the reporter's. `action` keeps a late report of a grant from being taken for that
    of the removal which followed. Exactly one of `reported_by` (a person) and `submitted_by` (an
    integration) says it."""

    request_id: RequestId
    report_id: str
    digest: str
    action: Action
    result: Result
    now: datetime
    reported_by: PersonId | None = None
    submitted_by: str | None = None
    items: tuple[ItemId, ...] | None = None
    reason: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Withdraw what is not granted yet; `items` None is all of it. `by` None is the system, for
    `reason`."""

    request_id: RequestId
    by: PersonId | None
    reason: str | None
    now: datetime
    items: tuple[ItemId, ...] | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RevokeAccess:
    """End access that was granted, before its time; `items` None is all that is held."""

    request_id: RequestId
    by: PersonId | None
    reason: str | None
    now: datetime
    items: tuple[ItemId, ...] | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class CallOffRemoval:
    """Let access stand whose removal has failed or is not done yet."""

    request_id: RequestId
    by: PersonId
    reason: str
    now: datetime
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class ExtendAccess:
    """Let held items last until `until` (None: for good), as the approved request `by_request`
    says."""

    request_id: RequestId
    by_request: RequestId
    items: tuple[ItemId, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CommentOnRequest:
    """Say something to everybody who has a part in the request."""

    request_id: RequestId
    by: PersonId
    text: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Reassign:
    """Let others decide at the stage at hand, instead of those who may now."""

    request_id: RequestId
    by: PersonId
    approvers: tuple[PersonId, ...]
    reason: str | None
    now: datetime
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class ReviseApprovers:
    """Look up anew who may decide, since the directory has changed."""

    request_id: RequestId
    now: datetime


@dataclass(frozen=True, slots=True)
class LetTimePass:
    """Do what is due by now: remind, escalate, start, retry, expire."""

    request_id: RequestId
    now: datetime


ActionCommand = (
    Decide
    | NoteRefusedDecision
    | ReportFulfilment
    | CancelRequest
    | RevokeAccess
    | CallOffRemoval
    | ExtendAccess
    | CommentOnRequest
    | Reassign
    | ReviseApprovers
    | LetTimePass
)
"""What is wished of a request that was submitted."""

RequestCommand = SubmitRequest | ActionCommand
