"""Every event there is, by its topic. A topic is a literal that outlives modules and class names;
the stored samples in ``tests/samples`` keep each version decodable for ever."""

from __future__ import annotations

from domain.access_request import (
    AccessCompleted,
    AccessExtended,
    AccessRevoked,
    ApproversChanged,
    ApproversReminded,
    CommentAdded,
    DecisionRefused,
    DecisionTaken,
    Deprovisioned,
    DeprovisioningFailed,
    DeprovisioningStarted,
    Provisioned,
    ProvisioningDenied,
    ProvisioningFailed,
    ProvisioningStarted,
    RemovalCalledOff,
    RequestApproved,
    RequestCancelled,
    RequestClosed,
    RequestDenied,
    RequestEscalated,
    RequestEvent,
    RequestExpired,
    RequestRouted,
    RequestSubmitted,
    StageApproved,
    StageStarted,
)
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
from domain.feature import FeatureDisabled, FeatureEnabled, FeatureEvent
from domain.group import GroupAdded, GroupChanged, GroupEvent, GroupRemoved
from domain.integration import (
    IntegrationAdded,
    IntegrationChanged,
    IntegrationEvent,
    IntegrationRemoved,
)
from domain.person import (
    IdentityLinked,
    PersonChanged,
    PersonEvent,
    PersonForgotten,
    PersonRegistered,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
    RolesDescribed,
)
from domain.policy import PolicyEvent, PolicyPublished, PolicyRetired
from domain.resource_server import (
    ResourceServerAdded,
    ResourceServerEvent,
    ResourceServerRemoved,
    ResourceServerSecretRotated,
)
from domain.review import ReviewCompleted, ReviewEvent, ReviewOverdue, ReviewRequired
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
    WebhookRedelivered,
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
    | PolicyEvent
    | GroupEvent
    | IntegrationEvent
    | ReviewEvent
    | FeatureEvent
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
        PersonForgotten,
        RoleGranted,
        RoleRevoked,
        RoleReleased,
        RolesDescribed,
        RequestSubmitted,
        RequestRouted,
        StageStarted,
        DecisionTaken,
        DecisionRefused,
        StageApproved,
        RequestApproved,
        RequestDenied,
        RequestExpired,
        RequestCancelled,
        ApproversChanged,
        ApproversReminded,
        RequestEscalated,
        CommentAdded,
        RequestClosed,
        ProvisioningStarted,
        Provisioned,
        ProvisioningFailed,
        ProvisioningDenied,
        AccessCompleted,
        AccessExtended,
        AccessRevoked,
        DeprovisioningStarted,
        DeprovisioningFailed,
        Deprovisioned,
        RemovalCalledOff,
        PolicyPublished,
        PolicyRetired,
        GroupAdded,
        GroupChanged,
        GroupRemoved,
        IntegrationAdded,
        IntegrationChanged,
        IntegrationRemoved,
        FeatureEnabled,
        FeatureDisabled,
        ReviewRequired,
        ReviewOverdue,
        ReviewCompleted,
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
        WebhookRedelivered,
        WebhookRemoved,
    )
}
"""Topic to event class; the schema number of a class is its present version."""
