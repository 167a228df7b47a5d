"""What happens while a request waits to be decided: others are asked, those who are asked are
reminded, and people talk about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.access_request.commands import ItemId
from domain.values import AppId, Personal, PersonId, RequestId


@dataclass(frozen=True, slots=True)
class ApproversChanged:
    """From now on these may decide: `by` reassigned it, or the directory changed (None)."""

    TOPIC: ClassVar[str] = "access_request.approvers_changed"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    stage: int
    approvers: tuple[PersonId, ...]
    integrations: tuple[str, ...]
    by: PersonId | None
    reason: Personal | None


@dataclass(frozen=True, slots=True)
class ApproversReminded:
    """Items wait for these people still; the next reminder comes at `remind_at`."""

    TOPIC: ClassVar[str] = "access_request.reminded"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    approvers: tuple[PersonId, ...]
    remind_at: datetime


@dataclass(frozen=True, slots=True)
class RequestEscalated:
    """Nobody decided for long: from now on these people may decide, those from before included."""

    TOPIC: ClassVar[str] = "access_request.escalated"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    items: tuple[ItemId, ...]
    approvers: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True)
class CommentAdded:
    """Somebody who has a part in the request said something."""

    TOPIC: ClassVar[str] = "access_request.comment_added"
    SCHEMA: ClassVar[int] = 1
    request_id: RequestId
    app_id: AppId
    by: PersonId
    text: Personal
