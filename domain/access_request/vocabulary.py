"""The words of an access request: its status, the commands it takes, the facts they are decided
on, the events they lead to and the states those fold into. No rule stands here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.catalog import AppRecord, PermissionRecord
from domain.person import PersonRecord
from domain.policy import Policy
from domain.values import AppId, PermissionId, Personal, PersonId, RequestId


class Status(StrEnum):
    """Lumos' SupportRequestStatus, in its order; only some can be reached yet."""

    PENDING = "PENDING"
    PENDING_MANAGER_APPROVAL = "PENDING_MANAGER_APPROVAL"
    MANAGER_APPROVED = "MANAGER_APPROVED"
    MANAGER_DENIED = "MANAGER_DENIED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    PENDING_PROVISIONING = "PENDING_PROVISIONING"
    PENDING_MANUAL_PROVISIONING = "PENDING_MANUAL_PROVISIONING"
    DENIED_PROVISIONING = "DENIED_PROVISIONING"
    PROVISIONED = "PROVISIONED"
    PENDING_DEPROVISIONING = "PENDING_DEPROVISIONING"
    PENDING_MANUAL_DEPROVISIONING = "PENDING_MANUAL_DEPROVISIONING"
    TIME_BASED_EXPIRED = "TIME_BASED_EXPIRED"
    COMPLETED = "COMPLETED"
    REVERTING = "REVERTING"
    REVERTED = "REVERTED"
    TIME_BASED_EXPIRED_FAILED = "TIME_BASED_EXPIRED_FAILED"
    TIME_BASED_EXPIRED_CANCELLED = "TIME_BASED_EXPIRED_CANCELLED"


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
class SubmitRequest:
    """Ask for access. No permissions asks for the app itself. `access_seconds` None is
    unlimited; leave `length_given` False to take the policy's default."""

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
    custom_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Withdraw a request that is still open."""

    request_id: RequestId
    by: PersonId
    reason: str | None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person with the version of his stream."""

    record: PersonRecord
    version: int


@dataclass(frozen=True, slots=True)
class KnownApp:
    """An app with the version of its stream."""

    record: AppRecord
    version: int


@dataclass(frozen=True, slots=True)
class KnownPermission:
    """A permission with the version of its stream, and its app if that is in the catalog."""

    record: PermissionRecord
    version: int
    app: AppRecord | None


@dataclass(frozen=True, slots=True)
class SubmissionFacts:
    """What directory, catalog and policy said; None where they knew nothing.

    `permissions` answers the command's `permission_ids`, one for one.
    """

    requester: KnownPerson | None
    target: KnownPerson | None
    app: KnownApp | None
    permissions: tuple[KnownPermission | None, ...]
    policy: Policy


@dataclass(frozen=True, slots=True)
class CancellationFacts:
    """Who is cancelling, and the version of the request's stream he would change."""

    by: KnownPerson | None
    version: int


@dataclass(frozen=True, slots=True)
class RequestSubmitted:
    """Somebody asked for access; nothing is decided yet."""

    TOPIC: ClassVar[str] = "access_request.submitted"
    SCHEMA: ClassVar[int] = 1
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


@dataclass(frozen=True, slots=True)
class RequestCancelled:
    """The request was withdrawn; `snapshot` is the submission it ended."""

    TOPIC: ClassVar[str] = "access_request.cancelled"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    by: PersonId
    reason: Personal | None
    snapshot: RequestSubmitted


RequestCommand = SubmitRequest | CancelRequest
RequestFacts = SubmissionFacts | CancellationFacts
RequestEvent = RequestSubmitted | RequestCancelled


@dataclass(frozen=True, slots=True)
class Absent:
    """Never submitted."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Submitted and open."""

    submission: RequestSubmitted


@dataclass(frozen=True, slots=True)
class Closed:
    """At its end; takes no more decisions."""

    submission: RequestSubmitted
    status: Status


AccessRequest = Absent | Pending | Closed
