"""The routing of the system: each command, the decider that takes it, and where its facts come
from. Facts are states of other aggregates, read inside the command's own transaction, so that a
decision never rests on a read model that lags."""

from __future__ import annotations

from typing import Any

from domain import (
    access_request,
    catalog,
    consent,
    person,
    policy,
    resource_server,
    token_family,
    webhook,
)
from domain.access_request import (
    CancellationFacts,
    CancelRequest,
    KnownApp,
    KnownPermission,
    KnownPerson,
    SubmissionFacts,
    SubmitRequest,
    request_stream,
    slot,
)
from domain.catalog import PutApp, PutPermission, RetireApp, RetirePermission
from domain.consent import GiveConsent, RevokeConsent, consent_stream
from domain.person import IdentityFacts, LinkIdentity, PutPerson, person_stream
from domain.resource_server import (
    AddResourceServer,
    RemoveResourceServer,
    RotateSecret,
    resource_server_stream,
)
from domain.token_family import (
    EndFamily,
    OpenFamily,
    RedeemCode,
    RotateRefreshToken,
    family_stream,
)
from domain.values import AppId, PermissionId, PersonId, StreamId
from domain.webhook import (
    AddWebhook,
    ChangeWebhook,
    DisableWebhook,
    PauseWebhook,
    RemoveWebhook,
    ReplayWebhook,
    ResumeWebhook,
    RotateWebhookSecret,
    webhook_stream,
)
from projections.identities import person_id_of
from projections.open_requests import open_request_at, slot_key
from server.command_bus import Handler, Handlers, UnitOfWork


def _known_person(work: UnitOfWork, person_id: PersonId) -> KnownPerson | None:
    version, state = work.state_of(person.DECIDER, person_stream(person_id))
    return KnownPerson(state.record, version) if state.record else None


def _known_app(work: UnitOfWork, app_id: AppId) -> KnownApp | None:
    version, state = work.state_of(catalog.APP, catalog.app_stream(app_id))
    return KnownApp(state.record, version) if state.record else None


def _known_permission(work: UnitOfWork, permission_id: PermissionId) -> KnownPermission | None:
    stream = catalog.permission_stream(permission_id)
    version, state = work.state_of(catalog.PERMISSION, stream)
    if state.record is None:
        return None
    app = _known_app(work, state.record.app_id)
    return KnownPermission(state.record, version, app.record if app else None)


def _submission(work: UnitOfWork, command: SubmitRequest) -> tuple[StreamId, SubmissionFacts]:
    """Lead an equal request to the one that is still open, under any concurrency."""
    key = slot_key(slot(command.target, command.app_id, command.permission_ids))
    facts = SubmissionFacts(
        requester=_known_person(work, command.requester),
        target=_known_person(work, command.target),
        app=_known_app(work, command.app_id),
        permissions=tuple(_known_permission(work, one) for one in command.permission_ids),
        policy=policy.DEFAULT,
    )
    return request_stream(open_request_at(work.rows, key) or command.request_id), facts


def _cancellation(work: UnitOfWork, command: CancelRequest) -> tuple[StreamId, CancellationFacts]:
    stream = request_stream(command.request_id)
    version, _ = work.state_of(access_request.DECIDER, stream)
    return stream, CancellationFacts(_known_person(work, command.by), version)


def _app(_work: UnitOfWork, command: PutApp | RetireApp) -> tuple[StreamId, None]:
    return catalog.app_stream(command.app_id), None


def _permission(
    _work: UnitOfWork, command: PutPermission | RetirePermission
) -> tuple[StreamId, None]:
    return catalog.permission_stream(command.permission_id), None


def _person(_work: UnitOfWork, command: PutPerson) -> tuple[StreamId, None]:
    return person_stream(command.person_id), None


def _identity(work: UnitOfWork, command: LinkIdentity) -> tuple[StreamId, IdentityFacts]:
    person.check_identity(command.issuer, command.subject.text)
    holder = person_id_of(work.rows, command.issuer, command.subject.text)
    return person_stream(command.person_id), IdentityFacts(holder)


def _consent(_work: UnitOfWork, command: GiveConsent | RevokeConsent) -> tuple[StreamId, None]:
    return consent_stream(command.consent_id), None


def _family(_work: UnitOfWork, command: Any) -> tuple[StreamId, None]:
    return family_stream(command.family_id), None


def _resource_server(_work: UnitOfWork, command: Any) -> tuple[StreamId, None]:
    return resource_server_stream(command.name), None


def _webhook(work: UnitOfWork, command: Any) -> tuple[StreamId, int]:
    return webhook_stream(command.name), work.head


HANDLERS: Handlers = {
    SubmitRequest: Handler(access_request.DECIDER, _submission),
    CancelRequest: Handler(access_request.DECIDER, _cancellation),
    PutApp: Handler(catalog.APP, _app),
    RetireApp: Handler(catalog.APP, _app),
    PutPermission: Handler(catalog.PERMISSION, _permission),
    RetirePermission: Handler(catalog.PERMISSION, _permission),
    PutPerson: Handler(person.DECIDER, _person),
    LinkIdentity: Handler(person.DECIDER, _identity),
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
    RemoveWebhook: Handler(webhook.DECIDER, _webhook),
}
