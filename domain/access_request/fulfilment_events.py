"""What happens to the items of a request once they are approved: access is granted, lasts, is
extended, and ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.access_request.commands import ItemId
from domain.values import AppId, Personal, PersonId, RequestId


class Ending(StrEnum):
    """Why access ends: its time is over, somebody ended it, or it was withdrawn half-granted."""

    EXPIRY = "expiry"
    REVOCATION = "revocation"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Task:
    """Who is to grant or remove access: `integration`, or by hand one of `assignees`; the attempt
    counts from 1. Without an answer at `answer_by` it has failed (never so by hand). `handed_over`
    says that an integration failed before."""

    integration: str | None
    assignees: tuple[PersonId, ...]
    instructions: str
    attempt: int
    answer_by: datetime | None
    handed_over: bool = False


@dataclass(frozen=True, slots=True)
class ProvisioningStarted:
    """The order to grant an item."""

    TOPIC: ClassVar[str] = "access_request.provisioning_started"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    target: PersonId
    item_id: ItemId
    access_seconds: int | None
    task: Task


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The target has the item from now on, until `expires_at` (None: for good)."""

    TOPIC: ClassVar[str] = "access_request.provisioned"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    target: PersonId
    item_id: ItemId
    report_id: str
    content_hash: str
    reported_by: PersonId | None
    submitted_by: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProvisioningFailed:
    """Granting failed this time; it is tried again at `retry_at`, or handed over (None).
    `report_id` is None where no answer came in time."""

    TOPIC: ClassVar[str] = "access_request.provisioning_failed"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    item_id: ItemId
    attempt: int
    report_id: str | None
    content_hash: str
    reason: Personal | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProvisioningDenied:
    """The provisioner will not grant the item."""

    TOPIC: ClassVar[str] = "access_request.provisioning_denied"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    item_id: ItemId
    report_id: str
    content_hash: str
    reported_by: PersonId | None
    submitted_by: str | None
    reason: Personal | None


@dataclass(frozen=True, slots=True)
class AccessCompleted:
    """Granted for good, or an extension took effect: nothing is left to do for these items."""

    TOPIC: ClassVar[str] = "access_request.completed"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]


@dataclass(frozen=True, slots=True)
class AccessExtended:
    """The item lasts longer (None: for good), as an approved request says."""

    TOPIC: ClassVar[str] = "access_request.extended"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    item_id: ItemId
    by_request: RequestId
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccessRevoked:
    """Somebody ended access before its time; `by` None is the system."""

    TOPIC: ClassVar[str] = "access_request.revoked"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    by: PersonId | None
    reason: Personal | None


@dataclass(frozen=True, slots=True)
class DeprovisioningStarted:
    """The order to remove an item."""

    TOPIC: ClassVar[str] = "access_request.deprovisioning_started"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    target: PersonId
    item_id: ItemId
    ending: Ending
    task: Task


@dataclass(frozen=True, slots=True)
class DeprovisioningFailed:
    """Removing failed this time; it is tried again at `retry_at`, or handed over (None)."""

    TOPIC: ClassVar[str] = "access_request.deprovisioning_failed"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    item_id: ItemId
    attempt: int
    report_id: str | None
    content_hash: str
    reason: Personal | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deprovisioned:
    """The target has the item no more."""

    TOPIC: ClassVar[str] = "access_request.deprovisioned"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    target: PersonId
    item_id: ItemId
    ending: Ending
    report_id: str
    content_hash: str
    reported_by: PersonId | None
    submitted_by: str | None


@dataclass(frozen=True, slots=True)
class RemovalCalledOff:
    """An administrator lets access stand that was to be removed."""

    TOPIC: ClassVar[str] = "access_request.removal_called_off"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    by: PersonId
    reason: Personal


FulfilmentEvent = (
    ProvisioningStarted
    | Provisioned
    | ProvisioningFailed
    | ProvisioningDenied
    | AccessCompleted
    | AccessExtended
    | AccessRevoked
    | DeprovisioningStarted
    | DeprovisioningFailed
    | Deprovisioned
    | RemovalCalledOff
)
