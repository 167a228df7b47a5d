"""What an approval leaves: a consent, a token family and a code bound to it, all in one transaction
with the end of the request, so that a request is answered once however many forms say yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from domain.consent import GiveConsent
from domain.ports import Clock, NewId
from domain.token_family import OpenFamily
from domain.values import Actor, ConsentId, FamilyId, PersonId, Scopes, Via
from projections.consents import consent_by_id
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.oauth import redirect_uris
from server.oauth.approved_clients import remember
from server.oauth.token_rows import (
    CODE_LIFE,
    FAMILY_LIFE,
    AuthorizationRequest,
    CodeRow,
    forget_request,
    store_code,
)
from server.oauth.waiting_requests import Waiting
from server.secret_tokens import CODE, digest, new_secret


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person lets a client have. `declined` were asked for and not given; `remembered` says
    that an earlier consent speaks for him, and he was not asked."""

    waiting: Waiting
    person: PersonId
    scopes: Scopes
    declined: Scopes = ()
    remembered: bool = False


@dataclass(frozen=True, slots=True)
class Issuing:
    """Issues authorization codes (RFC 6749 §4.1.2)."""

    bus: CommandBus
    clock: Clock
    new_id: NewId

    async def code(self, approval: Approval) -> str | None:
        """Return a new code; None if the request was answered before, or the remembered consent
        has been revoked in this moment."""
        return await self.bus.call(self._job(approval))

    def _job(self, approval: Approval) -> Callable[[UnitOfWork], str | None]:
        now, correlation, family_id = self.clock(), self.new_id(), FamilyId(self.new_id())

        def issue(work: UnitOfWork) -> str | None:
            waiting = approval.waiting
            consent_id = consent_of(approval.person, waiting.request)
            if approval.remembered and consent_by_id(work.rows, consent_id) is None:
                return None
            if not forget_request(work.rows, waiting.secret):
                return None
            client, code = waiting.client, new_secret(CODE)
            actor = Actor(Via.WEB, approval.person, client.identity(), consent_id)
            context = CommandContext(actor, now, correlation)
            if not approval.remembered:
                work.execute(_consent(approval, consent_id), context)
                remember(work.rows, client, now)
            work.execute(_opening(approval, family_id, consent_id, digest(code), now), context)
            request = waiting.request
            row = CodeRow(family_id, request.redirect_uri, request.code_challenge)
            store_code(work.rows, code, row, now)
            return code

        return issue


def _opening(
    approval: Approval, family_id: FamilyId, consent_id: ConsentId, code_digest: str, now: datetime
) -> OpenFamily:
    return OpenFamily(
        family_id=family_id,
        consent_id=consent_id,
        person=approval.person,
        client=approval.waiting.client.identity(),
        resource=approval.waiting.request.resource,
        scopes=approval.scopes,
        code_digest=code_digest,
        code_expires_at=now + CODE_LIFE,
        family_expires_at=now + FAMILY_LIFE,
    )


def _consent(approval: Approval, consent_id: ConsentId) -> GiveConsent:
    request, client = approval.waiting.request, approval.waiting.client
    return GiveConsent(
        consent_id=consent_id,
        person=approval.person,
        client=client.identity(),
        resource=request.resource,
        redirect_origin=redirect_uris.origin(request.redirect_uri),
        scopes=approval.scopes,
        client_digest=client.digest,
        declined=approval.declined,
    )


def consent_of(person: PersonId, request: AuthorizationRequest) -> ConsentId:
    """Return the one consent of this person, client, resource and redirect origin."""
    origin = redirect_uris.origin(request.redirect_uri)
    name = f"{person}\n{request.client_id}\n{request.resource}\n{origin}"
    return ConsentId(str(uuid5(NAMESPACE_URL, name)))
