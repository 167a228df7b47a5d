"""The words of a token family: commands, events and states. Secrets never enter: they carry
SHA-256 digests in hex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from domain.values import Client, ConsentId, FamilyId, PersonId, Scopes

GRACE = timedelta(seconds=30)


class EndReason(StrEnum):
    """Why a family ended."""

    CODE_REPLAYED = "code_replayed"
    REFRESH_TOKEN_REPLAYED = "refresh_token_replayed"  # noqa: S105 - a reason, not a secret
    REVOKED_BY_CLIENT = "revoked_by_client"
    REVOKED_BY_PERSON = "revoked_by_person"
    CONSENT_REVOKED = "consent_revoked"
    VERIFIER_MISMATCH = "verifier_mismatch"
    PERSON_DISABLED = "person_disabled"


@dataclass(frozen=True, slots=True)
class OpenFamily:
    """Issue an authorization code under a consent. Lives of code and family end at the times."""

    family_id: FamilyId
    consent_id: ConsentId
    person: PersonId
    client: Client
    resource: str
    scopes: Scopes
    code_digest: str
    code_expires_at: datetime
    family_expires_at: datetime


@dataclass(frozen=True, slots=True)
class RedeemCode:
    """Exchange the code, once, for a first refresh token (None for a client without them)."""

    family_id: FamilyId
    client_id: str
    refresh_digest: str | None
    refresh_expires_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class RotateRefreshToken:
    """Exchange a refresh token for the next one; `scopes` may only narrow."""

    family_id: FamilyId
    client_id: str
    presented_digest: str
    refresh_digest: str
    refresh_expires_at: datetime
    scopes: Scopes
    now: datetime
    grace: timedelta = GRACE


@dataclass(frozen=True, slots=True)
class EndFamily:
    """End the family and every token in it."""

    family_id: FamilyId
    reason: EndReason


@dataclass(frozen=True, slots=True)
class FamilyOpened:
    """An authorization code was issued."""

    TOPIC: ClassVar[str] = "token_family.opened"
    SCHEMA: ClassVar[int] = 1
    family_id: FamilyId
    consent_id: ConsentId
    person: PersonId
    client: Client
    resource: str
    scopes: Scopes
    code_digest: str
    code_expires_at: datetime
    family_expires_at: datetime


@dataclass(frozen=True, slots=True)
class CodeRedeemed:
    """The code was exchanged for tokens."""

    TOPIC: ClassVar[str] = "token_family.code_redeemed"
    SCHEMA: ClassVar[int] = 1
    family_id: FamilyId
    refresh_digest: str | None
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshTokenRotated:
    """A refresh token was exchanged for the next; `retired_digest` is the one presented."""

    TOPIC: ClassVar[str] = "token_family.refresh_token_rotated"
    SCHEMA: ClassVar[int] = 1
    family_id: FamilyId
    retired_digest: str
    refresh_digest: str
    refresh_expires_at: datetime
    scopes: Scopes
    rotated_at: datetime


@dataclass(frozen=True, slots=True)
class FamilyEnded:
    """The family and all its tokens are dead."""

    TOPIC: ClassVar[str] = "token_family.ended"
    SCHEMA: ClassVar[int] = 1
    family_id: FamilyId
    person: PersonId
    client: Client
    reason: EndReason


FamilyCommand = OpenFamily | RedeemCode | RotateRefreshToken | EndFamily
FamilyEvent = FamilyOpened | CodeRedeemed | RefreshTokenRotated | FamilyEnded


@dataclass(frozen=True, slots=True)
class Absent:
    """No such family."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A code is out and not yet redeemed."""

    opening: FamilyOpened


@dataclass(frozen=True, slots=True)
class Live:
    """The code is redeemed. `usable` maps refresh digests to expiry, `retired` to rotation."""

    opening: FamilyOpened
    usable: Mapping[str, datetime]
    retired: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing in this family works any more."""

    reason: EndReason


TokenFamily = Absent | Opened | Live | Ended
