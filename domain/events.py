"""Every event there is, by its topic. A topic is a literal that outlives modules and class names;
the stored samples in ``tests/samples`` keep each version decodable for ever."""

from __future__ import annotations

from domain.access_request import RequestCancelled, RequestEvent, RequestSubmitted
from domain.catalog import (
    AppAdded,
    AppChanged,
    AppEvent,
    AppRetired,
    PermissionAdded,
    PermissionChanged,
    PermissionEvent,
    PermissionRetired,
)
from domain.consent import (
    ConsentEvent,
    ConsentGiven,
    ConsentNarrowed,
    ConsentRevoked,
    ConsentWidened,
)
from domain.person import IdentityLinked, PersonChanged, PersonEvent, PersonRegistered
from domain.resource_server import (
    ResourceServerAdded,
    ResourceServerEvent,
    ResourceServerRemoved,
    ResourceServerSecretRotated,
)
from domain.token_family import (
    CodeRedeemed,
    FamilyEnded,
    FamilyEvent,
    FamilyOpened,
    RefreshTokenRotated,
)
from domain.webhook import (
    WebhookAdded,
    WebhookChanged,
    WebhookDisabled,
    WebhookEvent,
    WebhookPaused,
    WebhookRemoved,
    WebhookReplayed,
    WebhookResumed,
    WebhookSecretRotated,
)

Event = (
    AppEvent
    | PermissionEvent
    | PersonEvent
    | RequestEvent
    | ConsentEvent
    | FamilyEvent
    | ResourceServerEvent
    | WebhookEvent
)

EVENT_TYPES: dict[str, type[Event]] = {
    kind.TOPIC: kind
    for kind in (
        AppAdded,
        AppChanged,
        AppRetired,
        PermissionAdded,
        PermissionChanged,
        PermissionRetired,
        PersonRegistered,
        PersonChanged,
        IdentityLinked,
        RequestSubmitted,
        RequestCancelled,
        ConsentGiven,
        ConsentWidened,
        ConsentNarrowed,
        ConsentRevoked,
        FamilyOpened,
        CodeRedeemed,
        RefreshTokenRotated,
        FamilyEnded,
        ResourceServerAdded,
        ResourceServerSecretRotated,
        ResourceServerRemoved,
        WebhookAdded,
        WebhookChanged,
        WebhookSecretRotated,
        WebhookPaused,
        WebhookResumed,
        WebhookDisabled,
        WebhookReplayed,
        WebhookRemoved,
    )
}
"""Topic to event class; the schema number of a class is its present version."""
