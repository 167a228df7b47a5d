"""What others know that a decision on a request rests on. All of it is looked up in the command's
own transaction; what was used is written into the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.access_request.commands import ItemId
from domain.catalog import AppRecord, PermissionRecord
from domain.person import PersonRecord
from domain.policy import ApproverRef, Conflict, Policy
from domain.values import PersonId, RequestId


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
class Approvers:
    """Whom each reference means at this moment; disabled people are left out.

    `integrations` are those that stand and may decide on requests for the app, `provisioners`
    those that may grant and remove access to it.
    """

    people: Mapping[ApproverRef, tuple[PersonId, ...]] = field(default_factory=dict)
    integrations: frozenset[str] = frozenset()
    provisioners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HeldAccess:
    """What the target holds or asks for: the item, by which request, until when (None: for good),
    and whether its removal is under way."""

    item_id: ItemId
    request_id: RequestId
    expires_at: datetime | None = None
    ending: bool = False


@dataclass(frozen=True, slots=True)
class SubmissionFacts:
    """What directory, catalog, policies and earlier requests said; None where they knew nothing.

    `permissions` answers the command's `permission_ids`, one for one, and `policies` its items (the
    one of the app where the app itself is asked for). `held` and `pending` are the target's (for an
    extension, `pending` are the extensions that are open); `open_requests` counts what the
    requester has open; `conflicts` are those of all policies.
    """

    requester: KnownPerson | None
    target: KnownPerson | None
    app: KnownApp | None
    permissions: tuple[KnownPermission | None, ...]
    policies: tuple[Policy, ...]
    approvers: Approvers = field(default_factory=Approvers)
    held: tuple[HeldAccess, ...] = ()
    pending: tuple[HeldAccess, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    open_requests: int = 0


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """Who acts, on which version of the request's stream, and whom references mean now.

    `integration_may` says whether the integration that acts stands and may do this for this app.
    """

    by: KnownPerson | None
    version: int
    approvers: Approvers = field(default_factory=Approvers)
    integration_may: bool = False


RequestFacts = SubmissionFacts | ActionFacts
