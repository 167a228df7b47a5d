"""What a token response leaves, in one transaction: the family's event, the access token, and what
a client gets that shows a rotated refresh token again within the grace. Scopes are the asked ones
that the consent and the person's present role still carry, at each refresh anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.errors import InvalidGrant
from domain.ports import Clock, NewId, Rows
from domain.token_family import (
    EndFamily,
    EndReason,
    FamilyEnded,
    RedeemCode,
    RotateRefreshToken,
)
from domain.values import Actor, Client, ClientId, ConsentId, Scopes, Via
from projections.consents import consent_by_id
from projections.people import person_by_id
from projections.token_families import FamilyRow
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.oauth import rotation_grace
from server.oauth.resources import resource_at
from server.oauth.token_rows import REFRESH_IDLE_LIFE, CodeRow, narrowed, store_access_token
from server.secret_tokens import digest

Token = dict[str, Any]
"""A token response (RFC 6749 §5.1)."""


@dataclass(frozen=True, slots=True)
class TokenIssuing:
    """Redeems codes and rotates refresh tokens; `grace` is how long a rotated one still counts."""

    bus: CommandBus
    issuer: str
    clock: Clock
    new_id: NewId
    grace: timedelta

    def burn(self, family: FamilyRow) -> None:
        """End the family of a code that was shown with a wrong verifier: it is in wrong hands."""
        ending = EndFamily(family.family_id, EndReason.VERIFIER_MISMATCH)
        context = self._context(family, self.clock())
        self.bus.call_blocking(lambda work: work.execute(ending, context))

    def issue(
        self, token: Token, family: FamilyRow, presented: str, code: CodeRow | None
    ) -> Token | None:
        """Settle a token response: redeem the code, or rotate the refresh token `presented`.

        Returns what the transaction decided of the answer (the scopes, and the refresh token where
        an earlier answer gave it), or None if the family has ended or had, as after a replay.
        Raises `domain.errors.InvalidGrant`.
        """
        return self.bus.call_blocking(
            lambda work: self._settle(work, token, family, presented, code)
        )

    def _settle(
        self,
        work: UnitOfWork,
        token: Token,
        family: FamilyRow,
        presented: str,
        code: CodeRow | None,
    ) -> Token | None:
        now, rows = self.clock(), work.rows
        scopes = self._scopes(rows, family, token["scope"])
        fresh = token.get("refresh_token")
        command = (
            self._rotation(family, presented, str(fresh), scopes, now)
            if code is None
            else _redemption(family, fresh, now)
        )
        done = work.execute(command, self._context(family, now))
        if any(isinstance(event, FamilyEnded) for event in done.events):
            return None
        settled: Token = {"scope": " ".join(scopes)}
        if not done.changed:
            fresh = rotation_grace.successor_of(rows, presented, now)
            if fresh is None:
                return None
            settled["refresh_token"] = fresh
        elif code is None:
            rotation_grace.seal(rows, presented, str(fresh), now, self.grace)
        store_access_token(rows, token["access_token"], family.family_id, scopes, now)
        return settled

    def _scopes(self, rows: Rows, family: FamilyRow, asked: str) -> Scopes:
        """Return the asked scopes that consent and the person's present role still carry."""
        consent = consent_by_id(rows, family.consent_id)
        person = person_by_id(rows, family.person)
        resource = resource_at(family.resource, self.issuer)
        if consent is None or person is None or resource is None:
            raise InvalidGrant("consent, person or resource is gone")
        standing = set(narrowed(family, asked)) & set(consent.scopes)
        scopes = resource.carried(standing, person.roles)
        if not scopes:
            raise InvalidGrant("the person's role carries none of the scopes any more")
        return scopes

    def _rotation(
        self, family: FamilyRow, presented: str, fresh: str, scopes: Scopes, now: datetime
    ) -> RotateRefreshToken:
        return RotateRefreshToken(
            family_id=family.family_id,
            client_id=family.client_id,
            presented_digest=digest(presented),
            refresh_digest=digest(fresh),
            refresh_expires_at=now + REFRESH_IDLE_LIFE,
            scopes=scopes,
            now=now,
            grace=self.grace,
        )

    def _context(self, family: FamilyRow, now: datetime) -> CommandContext:
        client = Client(ClientId(family.client_id), family.client_name)
        actor = Actor(Via.HTTP, family.person, client, ConsentId(family.consent_id))
        return CommandContext(actor, now, self.new_id())


def _redemption(family: FamilyRow, fresh: str | None, now: datetime) -> RedeemCode:
    refresh_digest = digest(fresh) if fresh else None
    expires_at = now + REFRESH_IDLE_LIFE
    return RedeemCode(family.family_id, family.client_id, refresh_digest, expires_at, now)
