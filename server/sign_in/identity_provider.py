"""Sign-in by the organisation's identity provider (OpenID Connect Core 1.0, the code flow with
PKCE). `begin` sends a browser there, `finish` takes it back. What ties the two together is a row of
this browser's, taken once. The provider's tokens are dropped as soon as they have told who the
person is: they are never stored, logged or passed on."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from domain import person
from domain.errors import PersonDisabled, Refused
from domain.person import (
    LinkIdentity,
    PersonRecord,
    PutPerson,
    as_described,
    check_identity,
    person_stream,
)
from domain.ports import Clock, NewId, Unavailable
from domain.values import Actor, Personal, PersonId, Via
from projections.identities import person_id_of
from projections.people import EXTERNAL_ID, other_called, people_like
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.config import Settings
from server.request_bodies import storable
from server.secret_tokens import new_secret
from server.sign_in.claims import Claims, Described, first_person_id, record_of
from server.sign_in.discovery import Discovery, Provider, provider_faults
from server.sign_in.pending_sign_ins import (
    CALLBACK_PATH,
    PendingSignIn,
    store_pending,
    take_pending,
)
from server.sign_in.refusals import (
    NotAdmitted,
    ProviderDeclined,
    ProviderUnreachable,
    ProviderUntrusted,
    SignInRefused,
    StaleSignIn,
)

CLOCK_SKEW = timedelta(seconds=60)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """The identity provider that the settings name. One for each server: it remembers the
    provider's metadata and keys."""

    bus: CommandBus
    settings: Settings
    discovery: Discovery
    clock: Clock
    new_id: NewId

    @property
    def name(self) -> str:
        """What people call it."""
        return self.settings.oidc_name

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends browsers back to; registered there exactly so."""
        return self.settings.issuer + CALLBACK_PATH

    async def begin(self, then: str, *, browser: str, fresh: bool) -> str:
        """Return the URL that sends this browser (its cookie's secret) to the provider for the
        authorization request; `fresh` makes the person prove himself anew. Raises
        `SignInRefused`."""
        provider, now, state = await self.discovery.provider(), self.clock(), new_secret()
        pending = PendingSignIn(then, new_secret(), new_secret(), now, fresh)
        anew = {"prompt": "login", "max_age": "0"} if fresh else {}
        with provider_faults():
            redirect = await provider.client.create_authorization_url(
                self.redirect_uri,
                state=state,
                nonce=pending.nonce,
                code_verifier=pending.code_verifier,
                **anew,
            )
        await self.bus.call(lambda work: store_pending(work.rows, state, browser, pending, now))
        return str(redirect["url"])

    async def finish(self, query: Mapping[str, str], browser: str) -> tuple[PersonId, str]:
        """Take the provider's answer from this browser; return who signed in, and the path
        that waits for him. Raises `SignInRefused`."""
        state, now = query.get("state", ""), self.clock()
        pending = await self.bus.call(lambda work: take_pending(work.rows, state, browser, now))
        if pending is None:
            raise StaleSignIn
        try:
            claims = await self._claims(query, pending)
            return await self._admitted(claims), pending.then
        except SignInRefused as refusal:
            refusal.then = pending.then
            raise

    async def _claims(self, query: Mapping[str, str], pending: PendingSignIn) -> Claims:
        """Return what the provider proves about the person."""
        provider = await self.discovery.provider()
        _check_issuer(query, provider)
        code = query.get("code")
        if "error" in query or not code:
            raise ProviderDeclined
        try:
            return await self._proved(provider, code, pending)
        except ProviderUntrusted:
            self.discovery.forget()
            raise

    async def _proved(self, provider: Provider, code: str, pending: PendingSignIn) -> Claims:
        client, expected = provider.client, self._expected()
        with provider_faults():
            tokens = await client.fetch_access_token(
                self.redirect_uri, code=code, code_verifier=pending.code_verifier
            )
            signed = await client.parse_id_token(
                tokens,
                nonce=pending.nonce,
                claims_options=expected,
                leeway=int(CLOCK_SKEW.total_seconds()),
            )
            _check_signed(signed, pending)
            said = await _userinfo(provider, tokens)
        if said and said.get("sub") != signed["sub"]:
            # OpenID Connect Core 1.0 §5.3.2: else the answer may be about somebody else.
            _log.warning("the identity provider's userinfo is about another subject")
            raise ProviderUntrusted
        return {**said, **signed}

    def _expected(self) -> dict[str, dict[str, object]]:
        """Return what an ID token must say (OpenID Connect Core 1.0 §3.1.3.7)."""
        return {
            "iss": {"essential": True, "value": self.settings.oidc_issuer},
            "aud": {"essential": True, "value": self.settings.oidc_client_id},
            "sub": {"essential": True},
        }

    async def vouched(self, token: str, nonce: str) -> PersonId | None:
        """Return whose an ID token is that was made for this nonce; None if it is not good, or of
        nobody who is known here. Raises `Unavailable`."""
        try:
            provider = await self.discovery.provider()
            with provider_faults():
                signed = await provider.client.parse_id_token(
                    {"id_token": token},
                    nonce=nonce,
                    claims_options=self._expected(),
                    leeway=int(CLOCK_SKEW.total_seconds()),
                )
        except ProviderUntrusted:
            return None
        except ProviderUnreachable:
            raise Unavailable("the identity provider does not answer") from None
        issuer, subject = self.settings.oidc_issuer, str(signed["sub"])
        return await self.bus.call(lambda work: person_id_of(work.rows, issuer, subject))

    async def _admitted(self, claims: Claims) -> PersonId:
        try:
            check_identity(self.settings.oidc_issuer, str(claims["sub"]))
            return await self.bus.call(lambda work: self._admit(work, claims))
        except Refused as refusal:
            raise NotAdmitted(refusal) from None

    def _admit(self, work: UnitOfWork, claims: Claims) -> PersonId:
        """Make the directory hold the person as described, linked to his identity."""
        issuer, subject = self.settings.oidc_issuer, str(claims["sub"])

        def person_of(one: str) -> PersonId:
            return person_id_of(work.rows, issuer, one) or first_person_id(issuer, one)

        linked = person_id_of(work.rows, issuer, subject)
        person_id = linked or self._provisioned(work, claims) or first_person_id(issuer, subject)
        _, state = work.state_of(person.DECIDER, person_stream(person_id))
        if state.record is not None and state.record.disabled:
            raise PersonDisabled(person_id)

        def taken(username: str) -> bool:
            holder = other_called(work.rows, username, person_id)
            if holder is not None:
                _log.warning(
                    "the provider calls %s by a user name that is %s's", person_id, holder
                )
            return holder is not None

        described = Described(person_id, as_described(state), taken)
        record = record_of(claims, self.settings, described, person_of)
        if state.record is not None and self._is_provisioned(state.record):
            # Who is provisioned by SCIM is described there; claims say what he may do here.
            record = replace(state.record, roles=record.roles)
        context = CommandContext(Actor(Via.WEB, person_id), self.clock(), self.new_id())
        work.execute(PutPerson(person_id, record), context)
        link = LinkIdentity(person_id, issuer, Personal(person_id, subject))
        work.execute(link, context)
        return person_id

    def _provisioned(self, work: UnitOfWork, claims: Claims) -> PersonId | None:
        """Return whom SCIM has provisioned under the id that a claim names."""
        claim = self.settings.oidc_external_id_claim
        external = claims.get(claim) if claim else None
        if not isinstance(external, str) or not external:
            return None
        _, found = people_like(work.rows, {"external_id": storable(external)}, 0, 2)
        return found[0].person_id if len(found) == 1 else None

    def _is_provisioned(self, record: PersonRecord) -> bool:
        claim = self.settings.oidc_external_id_claim
        return bool(claim) and any(name == EXTERNAL_ID for name, _ in record.attributes)


def _check_issuer(query: Mapping[str, str], provider: Provider) -> None:
    """RFC 9207 §2.4: an answer of another server is not taken for this one's."""
    promised = provider.metadata.authorization_response_iss_parameter_supported
    said = query.get("iss")
    if said == provider.metadata.issuer or (said is None and not promised):
        return
    _log.warning("a callback did not name the identity provider as its issuer")
    raise ProviderUntrusted


def _check_signed(signed: Mapping[str, Any] | None, pending: PendingSignIn) -> None:
    """Raise `ValueError` without an ID token, or if it tells of a sign-in that is too old."""
    if signed is None:
        raise ValueError("there is no ID token")
    signed_in = signed.get("auth_time")
    if pending.fresh and signed_in is not None:
        oldest = (pending.begun_at - CLOCK_SKEW).timestamp()
        if not oldest <= signed_in < math.inf:
            raise ValueError("the person did not sign in anew")


async def _userinfo(provider: Provider, tokens: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that some providers leave out of the ID token."""
    if provider.metadata.userinfo_endpoint is None:
        return {}
    # Without the rest of the answer: Authlib would refresh a short-lived token before its use.
    token = {"access_token": tokens["access_token"], "token_type": "Bearer"}
    return dict(await provider.client.userinfo(token=token))
