"""Which command each event begins, and how that is rebuilt from it. Every topic stands in exactly one of three
tables: `COMMANDS`, `NOT_REPLAYED` with the reason, or `CONSEQUENCES`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from domain import consent, person, token_family
from domain.catalog import (
    AppAdded,
    AppChanged,
    AppRetired,
    PermissionAdded,
    PermissionChanged,
    PermissionRetired,
    PutApp,
    PutPermission,
    RetireApp,
    RetirePermission,
)
from domain.consent import (
    ConsentGiven,
    ConsentNarrowed,
    ConsentRevoked,
    ConsentWidened,
    GiveConsent,
    RevokeConsent,
    StandingConsent,
)
from domain.events import Event
from domain.feature import (
    DisableFeature,
    EnableFeature,
    FeatureDisabled,
    FeatureEnabled,
)
from domain.group import GroupAdded, GroupChanged, GroupRemoved, PutGroup, RemoveGroup
from domain.integration import (
    AddIntegration,
    ChangeIntegration,
    IntegrationAdded,
    IntegrationChanged,
    IntegrationRemoved,
    RemoveIntegration,
)
from domain.person import (
    ForgetPerson,
    GrantRole,
    IdentityLinked,
    LinkIdentity,
    PersonChanged,
    PersonForgotten,
    PersonRegistered,
    PutPerson,
    ReleaseRole,
    RevokeRole,
    RoleGranted,
    RoleReleased,
    RoleRevoked,
    RolesDescribed,
    described_after,
)
from domain.policy import PolicyPublished, PolicyRetired, PublishPolicy, RetirePolicy
from domain.resource_server import (
    AddResourceServer,
    RemoveResourceServer,
    ResourceServerAdded,
    ResourceServerRemoved,
    ResourceServerSecretRotated,
    RotateSecret,
)
from domain.token_family import (
    CodeRedeemed,
    EndFamily,
    EndReason,
    FamilyEnded,
    FamilyOpened,
    Live,
    Opened,
    OpenFamily,
    RedeemCode,
    RefreshTokenRotated,
    RotateRefreshToken,
)
from domain.values import Scopes
from domain.webhook import (
    AddWebhook,
    ChangeWebhook,
    DisableWebhook,
    PauseWebhook,
    RedeliverWebhook,
    RemoveWebhook,
    ReplayWebhook,
    ResumeWebhook,
    RotateWebhookSecret,
    WebhookAdded,
    WebhookChanged,
    WebhookDisabled,
    WebhookPaused,
    WebhookRecord,
    WebhookRedelivered,
    WebhookRemoved,
    WebhookReplayed,
    WebhookResumed,
    WebhookSecretRotated,
)
from server.audit.replay.before import Before, NotReplayable, Rebuild
from server.audit.replay.request_commands import REQUEST_COMMANDS
from server.audit.replay.shared_names import check_name

NOT_REPLAYED: Mapping[str, str] = {}
"""Topics whose command cannot be rebuilt, and why: none at present. (A family that ended because a refresh
token was shown twice is the one event of another topic: see `_ended`.)"""


def _given(_before: Before, event: ConsentGiven) -> Sequence[GiveConsent]:
    return [
        GiveConsent(
            event.consent_id,
            event.person,
            event.client,
            event.resource,
            event.redirect_origin,
            event.scopes,
            event.client_digest,
        )
    ]


def _widened(before: Before, event: ConsentWidened) -> Sequence[GiveConsent]:
    taken = [one for one in before.own if isinstance(one, ConsentNarrowed)]
    declined = taken[0].removed if taken else ()
    return _changed(before, event, event.added, declined)


def _narrowed(before: Before, event: ConsentNarrowed) -> Sequence[GiveConsent]:
    return _changed(before, event, (), event.removed)


def _changed(
    before: Before, event: ConsentWidened | ConsentNarrowed, added: Scopes, declined: Scopes
) -> Sequence[GiveConsent]:
    """A client that had changed meanwhile would have been consented to anew."""
    state = before.state(consent.DECIDER)
    digest = state.client_digest if isinstance(state, StandingConsent) else ""
    who = (event.consent_id, event.person, event.client)
    return [GiveConsent(*who, "", "", added, digest, declined)]


def _opened(_before: Before, event: FamilyOpened) -> Sequence[OpenFamily]:
    return [
        OpenFamily(
            event.family_id,
            event.consent_id,
            event.person,
            event.client,
            event.resource,
            event.scopes,
            event.code_digest,
            event.code_expires_at,
            event.family_expires_at,
        )
    ]


def _redeemed(before: Before, event: CodeRedeemed) -> Sequence[RedeemCode]:
    until = event.refresh_expires_at
    client = _client(before)
    return [RedeemCode(event.family_id, client, event.refresh_digest, until, before.at)]


def _client(before: Before) -> str:
    """Return the client to which the family belongs: no other could have gone on with it."""
    state = before.state(token_family.DECIDER)
    return state.opening.client.client_id if isinstance(state, Opened | Live) else ""


def _rotated(before: Before, event: RefreshTokenRotated) -> Sequence[RotateRefreshToken]:
    return [
        RotateRefreshToken(
            event.family_id,
            _client(before),
            event.retired_digest,
            event.refresh_digest,
            event.refresh_expires_at,
            event.scopes,
            event.rotated_at,
        )
    ]


def _ended(before: Before, event: FamilyEnded) -> Sequence[object]:
    if event.reason is EndReason.REFRESH_TOKEN_REPLAYED:
        raise NotReplayable("which refresh token was shown again is not recorded")
    if event.reason is EndReason.CODE_REPLAYED:
        return [RedeemCode(event.family_id, _client(before), None, before.at, before.at)]
    return [EndFamily(event.family_id, event.reason)]


def _secret(before: Before, event: ResourceServerSecretRotated) -> Sequence[RotateSecret]:
    overlap = event.former_good_until - before.at
    return [RotateSecret(event.name, event.secret_digest, before.at, overlap)]


def _webhook(_before: Before, event: WebhookAdded) -> Sequence[AddWebhook]:
    record = WebhookRecord(event.target_url, event.events, event.apps)
    return [AddWebhook(event.name, record, event.from_position)]


def _other_webhook(_before: Before, event: WebhookChanged) -> Sequence[ChangeWebhook]:
    return [ChangeWebhook(event.name, event.target_url, event.events, event.apps)]


def _registered(before: Before, event: PersonRegistered) -> Sequence[PutPerson]:
    check_name(before, event)
    return [PutPerson(event.person_id, event.record)]


def _described(before: Before, event: PersonChanged | RolesDescribed) -> Sequence[PutPerson]:
    """What the directory said of roles that were decided by hand stands in an event of its own, or is no news."""
    if isinstance(event, PersonChanged):
        check_name(before, event)
    state = before.state(person.DECIDER)
    record = event.record if isinstance(event, PersonChanged) else state.record
    said = [one.roles for one in before.own if isinstance(one, RolesDescribed)]
    words = [*said, tuple(sorted(described_after(state, record)))]
    return [PutPerson(event.person_id, replace(record, roles=roles)) for roles in words]


def _by_person(command: type, *fields: str) -> Rebuild:
    """The command has these fields, and says which person gave it."""

    def rebuild(before: Before, event: Event) -> Sequence[object]:
        by = before.envelope.actor.subject
        return [command(*(getattr(event, field) for field in fields), by=by)]

    return rebuild


def _with(command: type, *fields: str) -> Rebuild:
    """The command has these fields of its event, and no others."""
    return lambda _before, event: [command(*(getattr(event, field) for field in fields))]


COMMANDS: Mapping[type[Event], Rebuild] = {
    **REQUEST_COMMANDS,
    AppAdded: _with(PutApp, "app_id", "record"),
    AppChanged: _with(PutApp, "app_id", "record"),
    AppRetired: _with(RetireApp, "app_id"),
    PermissionAdded: _with(PutPermission, "permission_id", "record"),
    PermissionChanged: _with(PutPermission, "permission_id", "record"),
    PermissionRetired: _with(RetirePermission, "permission_id"),
    PersonRegistered: _registered,
    PersonChanged: _described,
    RolesDescribed: _described,
    IdentityLinked: _with(LinkIdentity, "person_id", "issuer", "subject"),
    RoleGranted: _by_person(GrantRole, "person_id", "role"),
    RoleRevoked: _by_person(RevokeRole, "person_id", "role"),
    RoleReleased: _by_person(ReleaseRole, "person_id", "role"),
    FeatureEnabled: _by_person(EnableFeature, "name"),
    FeatureDisabled: _by_person(DisableFeature, "name"),
    PersonForgotten: _with(ForgetPerson, "person_id"),
    PolicyPublished: _with(PublishPolicy, "policy"),
    PolicyRetired: _with(RetirePolicy, "policy_id"),
    GroupAdded: _with(PutGroup, "group_id", "record"),
    GroupChanged: _with(PutGroup, "group_id", "record"),
    GroupRemoved: _with(RemoveGroup, "group_id"),
    IntegrationAdded: _with(AddIntegration, "name", "record"),
    IntegrationChanged: _with(ChangeIntegration, "name", "record"),
    IntegrationRemoved: _with(RemoveIntegration, "name"),
    ConsentGiven: _given,
    ConsentWidened: _widened,
    ConsentNarrowed: _narrowed,
    ConsentRevoked: _with(RevokeConsent, "consent_id"),
    FamilyOpened: _opened,
    CodeRedeemed: _redeemed,
    RefreshTokenRotated: _rotated,
    FamilyEnded: _ended,
    ResourceServerAdded: _with(AddResourceServer, "name", "resource", "secret_digest"),
    ResourceServerSecretRotated: _secret,
    ResourceServerRemoved: _with(RemoveResourceServer, "name"),
    WebhookAdded: _webhook,
    WebhookChanged: _other_webhook,
    WebhookSecretRotated: _with(RotateWebhookSecret, "name", "former_good_until"),
    WebhookPaused: _with(PauseWebhook, "name"),
    WebhookResumed: _with(ResumeWebhook, "name"),
    WebhookDisabled: _with(DisableWebhook, "name", "reason"),
    WebhookReplayed: _with(ReplayWebhook, "name", "from_position"),
    WebhookRedelivered: _with(RedeliverWebhook, "name", "event_id", "deliveries"),
    WebhookRemoved: _with(RemoveWebhook, "name"),
}
