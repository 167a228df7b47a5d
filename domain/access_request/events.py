"""What happens to an access request until it is decided. `items` in an event are item ids: a
permission's id, or the app's where the app itself was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.access_request.commands import ItemId, Verdict
from domain.access_request.status import Status
from domain.policy import BreakGlass, Evidence, Provisioning, Stage, StageKind, Waiting
from domain.values import AppId, PermissionId, Personal, PersonId, RequestId


@dataclass(frozen=True, slots=True)
class RequestedApp:
    """The app asked for, named as the catalog named it; `version` of its stream is evidence."""

    app_id: AppId
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class RequestedPermission:
    """One item asked for, labelled as in the catalog; `version` of its stream is evidence."""

    permission_id: PermissionId
    label: str
    version: int


@dataclass(frozen=True, slots=True)
class Directory:
    """What the directory said when it was decided; versions are those of the person streams."""

    requester_version: int
    target_version: int
    target_manager: PersonId | None
    target_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleUsed:
    """The policy and version a decision rested on."""

    policy_id: str
    version: int


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """The answer to one field of the form."""

    field_id: str
    prompt: str
    response: Personal


@dataclass(frozen=True, slots=True)
class RequestSubmitted:
    """Somebody asked for access; nothing is decided yet."""

    TOPIC: ClassVar[str] = "access_request.submitted"
    SCHEMA: ClassVar[int] = 2
    request_id: RequestId
    requester: PersonId
    target: PersonId
    app: RequestedApp
    permissions: tuple[RequestedPermission, ...]
    justification: Personal | None
    access_seconds: int | None
    starts_at: datetime | None
    directory: Directory
    rule: RuleUsed
    answers: tuple[FieldAnswer, ...]
    extends: RequestId | None
    emergency: bool

    @property
    def item_ids(self) -> tuple[ItemId, ...]:
        """The items asked for; the app itself where no permission is named."""
        return tuple(one.permission_id for one in self.permissions) or (self.app.app_id,)

    @property
    def what(self) -> str:
        """What is asked for, in words."""
        return ", ".join(one.label for one in self.permissions) or self.app.name


@dataclass(frozen=True, slots=True)
class Route:
    """The way that items of one policy have to go; `approved_by` names the rule that approves them
    without asking, if one does, and `review` who judges an emergency afterwards."""

    items: tuple[ItemId, ...]
    rule: RuleUsed
    stages: tuple[Stage, ...]
    provisioning: Provisioning
    waiting: Waiting
    minimum_evidence: Evidence
    approved_by: str | None = None
    review: BreakGlass | None = None


@dataclass(frozen=True, slots=True)
class RequestRouted:
    """It was worked out who has to decide, and when the request lapses if nobody does."""

    TOPIC: ClassVar[str] = "access_request.routed"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    routes: tuple[Route, ...]
    pending_until: datetime


@dataclass(frozen=True, slots=True)
class StageStarted:
    """Items wait for the approvers of a stage, `needed` of them. `fallback` says that the policy's
    own approvers were too few, so that administrators may decide too."""

    TOPIC: ClassVar[str] = "access_request.stage_started"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    stage: int
    name: str
    kind: StageKind
    needed: int
    approvers: tuple[PersonId, ...]
    integrations: tuple[str, ...]
    fallback: bool
    remind_at: datetime
    escalate_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionTaken:
    """An approver said yes or no to items at their stage. `access_seconds` is set where the
    decision shortened the access; `digest` stands for the command, `proof` is what was signed."""

    TOPIC: ClassVar[str] = "access_request.decision_taken"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    decision_id: str
    content_hash: str
    items: tuple[ItemId, ...]
    stage: int
    name: str
    verdict: Verdict
    decided_by: PersonId | None
    submitted_by: str | None
    evidence: Evidence
    proof: str | None
    access_seconds: int | None
    reason: Personal | None


@dataclass(frozen=True, slots=True)
class DecisionRefused:
    """Somebody tried to decide and could not; `code` says why."""

    TOPIC: ClassVar[str] = "access_request.decision_refused"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    decision_id: str
    decided_by: PersonId | None
    submitted_by: str | None
    code: str


@dataclass(frozen=True, slots=True)
class StageApproved:
    """Enough approvers of a stage have said yes to these items."""

    TOPIC: ClassVar[str] = "access_request.stage_approved"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    stage: int
    name: str
    kind: StageKind


@dataclass(frozen=True, slots=True)
class RequestApproved:
    """All stages of these items are passed, or a rule approved them. Nothing is granted yet."""

    TOPIC: ClassVar[str] = "access_request.approved"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    access_seconds: int | None
    rule: RuleUsed
    approved_by: str | None
    starts_at: datetime | None
    extends: RequestId | None


@dataclass(frozen=True, slots=True)
class RequestDenied:
    """Items were denied; nothing will come of them."""

    TOPIC: ClassVar[str] = "access_request.denied"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    by_manager: bool
    reason: Personal | None


@dataclass(frozen=True, slots=True)
class RequestExpired:
    """Nobody decided in time."""

    TOPIC: ClassVar[str] = "access_request.expired"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]


@dataclass(frozen=True, slots=True)
class RequestCancelled:
    """What was not granted yet was withdrawn; `snapshot` is the submission. (No items in events of
    the first schema: then it was all.)"""

    TOPIC: ClassVar[str] = "access_request.cancelled"
    SCHEMA: ClassVar[int] = 2
    request_id: RequestId
    by: PersonId | None
    reason: Personal | None
    snapshot: RequestSubmitted
    items: tuple[ItemId, ...]


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What has become of an item at the end of its request."""

    item_id: ItemId
    status: Status
    access_seconds: int | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestClosed:
    """Nothing is left to do for any item. The whole request as it ended, for those who listen only
    for ends."""

    TOPIC: ClassVar[str] = "access_request.closed"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    status: Status
    submission: RequestSubmitted
    items: tuple[ItemOutcome, ...]
