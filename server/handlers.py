"""The routing of the system: each command, the decider that takes it, and where its facts come
from. Facts are states of other aggregates, read inside the command's own transaction, so that a
decision never rests on a read model that lags."""

from __future__ import annotations

from typing import Any

from domain import (
    access_request,
    catalog,
    consent,
    feature,
    group,
    integration,
    person,
    policy,
    resource_server,
    review,
    token_family,
    webhook,
)
from domain.access_request import (
    CallOffRemoval,
    CancelRequest,
    CommentOnRequest,
    Decide,
    ExtendAccess,
    LetTimePass,
    NoteRefusedDecision,
    Reassign,
    ReportFulfilment,
    ReviseApprovers,
    RevokeAccess,
    SubmitRequest,
)
from domain.catalog import PutApp, PutPermission, RetireApp, RetirePermission
from domain.consent import GiveConsent, RevokeConsent, consent_stream
from domain.feature import DisableFeature, EnableFeature, FeatureFacts, feature_stream
from domain.group import GroupFacts, PutGroup, RemoveGroup, group_name, group_stream
from domain.integration import (
    AddIntegration,
    ChangeIntegration,
    RemoveIntegration,
    integration_stream,
)
from domain.person import (
    AccessFacts,
    ForgetPerson,
    GrantRole,
    IdentityFacts,
    LinkIdentity,
    NameFacts,
    PersonRecord,
    PutPerson,
    ReleaseRole,
    RevokeRole,
    Role,
    RoleCommand,
    RoleFacts,
    person_stream,
)
from domain.policy import PolicyFacts, PublishPolicy, RetirePolicy, policy_stream
from domain.resource_server import (
    AddResourceServer,
    RemoveResourceServer,
    RotateSecret,
    resource_server_stream,
)
from domain.review import (
    CompleteReview,
    RemindReviewers,
    RequireReview,
    ReviewerFacts,
    review_stream,
)
from domain.token_family import (
    EndFamily,
    OpenFamily,
    RedeemCode,
    RotateRefreshToken,
    family_stream,
)
from domain.values import PersonId, StreamId
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
    webhook_stream,
)
from projections.groups import group_by_name
from projections.holdings import standing_request
from projections.identities import person_id_of
from projections.memberships import holders_of
from projections.people import other_called
from projections.policies import rotations
from server.command_bus import Handler, Handlers, UnitOfWork
from server.known_facts import known_person
from server.request_facts import action_facts, submission_facts


def _app(_work: UnitOfWork, command: PutApp | RetireApp) -> tuple[StreamId, None]:
    return catalog.app_stream(command.app_id), None


def _permission(
    _work: UnitOfWork, command: PutPermission | RetirePermission
) -> tuple[StreamId, None]:
    return catalog.permission_stream(command.permission_id), None


def _person(work: UnitOfWork, command: PutPerson) -> tuple[StreamId, NameFacts]:
    username = person.check_username(command.record.username.text)
    holder = other_called(work.rows, username, command.person_id)
    return person_stream(command.person_id), NameFacts(holder)


def _identity(work: UnitOfWork, command: LinkIdentity) -> tuple[StreamId, IdentityFacts]:
    person.check_identity(command.issuer, command.subject.text)
    holder = person_id_of(work.rows, command.issuer, command.subject.text)
    return person_stream(command.person_id), IdentityFacts(holder)


def _forgetting(work: UnitOfWork, command: ForgetPerson) -> tuple[StreamId, AccessFacts]:
    standing = standing_request(work.rows, command.person_id)
    return person_stream(command.person_id), AccessFacts(standing)


def _role(work: UnitOfWork, command: RoleCommand) -> tuple[StreamId, RoleFacts]:
    stream = person_stream(command.person_id)
    version, _ = work.state_of(person.DECIDER, stream)
    others = set(holders_of(work.rows, Role.ADMINISTRATOR)) - {command.person_id}
    return stream, RoleFacts(version, _record_of(work, command.by), bool(others))


def _feature(
    work: UnitOfWork, command: EnableFeature | DisableFeature
) -> tuple[StreamId, FeatureFacts]:
    stream = feature_stream(command.name)
    version, _ = work.state_of(feature.DECIDER, stream)
    return stream, FeatureFacts(version, _record_of(work, command.by))


def _record_of(work: UnitOfWork, person_id: PersonId | None) -> PersonRecord | None:
    known = known_person(work, person_id) if person_id else None
    return known.record if known else None


def _consent(_work: UnitOfWork, command: GiveConsent | RevokeConsent) -> tuple[StreamId, None]:
    return consent_stream(command.consent_id), None


def _family(_work: UnitOfWork, command: Any) -> tuple[StreamId, None]:
    return family_stream(command.family_id), None


def _resource_server(_work: UnitOfWork, command: Any) -> tuple[StreamId, None]:
    return resource_server_stream(command.name), None


def _webhook(work: UnitOfWork, command: Any) -> tuple[StreamId, int]:
    return webhook_stream(command.name), work.head


def _integration(_work: UnitOfWork, command: Any) -> tuple[StreamId, None]:
    return integration_stream(command.name), None


def _group(work: UnitOfWork, command: PutGroup) -> tuple[StreamId, GroupFacts]:
    holder = group_by_name(work.rows, group_name(command.record.display_name.strip()))
    return group_stream(command.group_id), GroupFacts(holder.group_id if holder else None)


def _group_removal(_work: UnitOfWork, command: RemoveGroup) -> tuple[StreamId, GroupFacts]:
    return group_stream(command.group_id), GroupFacts()


def _policy(
    work: UnitOfWork, command: PublishPolicy | RetirePolicy
) -> tuple[StreamId, PolicyFacts]:
    policy_id = (
        command.policy.policy_id if isinstance(command, PublishPolicy) else command.policy_id
    )
    return policy_stream(policy_id), PolicyFacts(rotations(work.rows))


def _review(_work: UnitOfWork, command: RequireReview | RemindReviewers) -> tuple[StreamId, None]:
    return review_stream(command.request_id), None


def _judgement(work: UnitOfWork, command: CompleteReview) -> tuple[StreamId, ReviewerFacts]:
    known = known_person(work, command.by)
    return review_stream(command.request_id), ReviewerFacts(known.record if known else None)


HANDLERS: Handlers = {
    SubmitRequest: Handler(access_request.DECIDER, submission_facts),
    Decide: Handler(access_request.DECIDER, action_facts),
    NoteRefusedDecision: Handler(access_request.DECIDER, action_facts),
    ReportFulfilment: Handler(access_request.DECIDER, action_facts),
    CancelRequest: Handler(access_request.DECIDER, action_facts),
    RevokeAccess: Handler(access_request.DECIDER, action_facts),
    CallOffRemoval: Handler(access_request.DECIDER, action_facts),
    ExtendAccess: Handler(access_request.DECIDER, action_facts),
    CommentOnRequest: Handler(access_request.DECIDER, action_facts),
    Reassign: Handler(access_request.DECIDER, action_facts),
    ReviseApprovers: Handler(access_request.DECIDER, action_facts),
    LetTimePass: Handler(access_request.DECIDER, action_facts),
    RequireReview: Handler(review.DECIDER, _review),
    CompleteReview: Handler(review.DECIDER, _judgement),
    RemindReviewers: Handler(review.DECIDER, _review),
    PutGroup: Handler(group.DECIDER, _group),
    RemoveGroup: Handler(group.DECIDER, _group_removal),
    AddIntegration: Handler(integration.DECIDER, _integration),
    ChangeIntegration: Handler(integration.DECIDER, _integration),
    RemoveIntegration: Handler(integration.DECIDER, _integration),
    PublishPolicy: Handler(policy.DECIDER, _policy),
    RetirePolicy: Handler(policy.DECIDER, _policy),
    PutApp: Handler(catalog.APP, _app),
    RetireApp: Handler(catalog.APP, _app),
    PutPermission: Handler(catalog.PERMISSION, _permission),
    RetirePermission: Handler(catalog.PERMISSION, _permission),
    PutPerson: Handler(person.DECIDER, _person),
    LinkIdentity: Handler(person.DECIDER, _identity),
    ForgetPerson: Handler(person.DECIDER, _forgetting),
    GrantRole: Handler(person.DECIDER, _role),
    RevokeRole: Handler(person.DECIDER, _role),
    ReleaseRole: Handler(person.DECIDER, _role),
    EnableFeature: Handler(feature.DECIDER, _feature),
    DisableFeature: Handler(feature.DECIDER, _feature),
    GiveConsent: Handler(consent.DECIDER, _consent),
    RevokeConsent: Handler(consent.DECIDER, _consent),
    OpenFamily: Handler(token_family.DECIDER, _family),
    RedeemCode: Handler(token_family.DECIDER, _family),
    RotateRefreshToken: Handler(token_family.DECIDER, _family),
    EndFamily: Handler(token_family.DECIDER, _family),
    AddResourceServer: Handler(resource_server.DECIDER, _resource_server),
    RotateSecret: Handler(resource_server.DECIDER, _resource_server),
    RemoveResourceServer: Handler(resource_server.DECIDER, _resource_server),
    AddWebhook: Handler(webhook.DECIDER, _webhook),
    ChangeWebhook: Handler(webhook.DECIDER, _webhook),
    RotateWebhookSecret: Handler(webhook.DECIDER, _webhook),
    PauseWebhook: Handler(webhook.DECIDER, _webhook),
    ResumeWebhook: Handler(webhook.DECIDER, _webhook),
    DisableWebhook: Handler(webhook.DECIDER, _webhook),
    ReplayWebhook: Handler(webhook.DECIDER, _webhook),
    RedeliverWebhook: Handler(webhook.DECIDER, _webhook),
    RemoveWebhook: Handler(webhook.DECIDER, _webhook),
}
