"""The rules of a token family: a code is redeemed once, a refresh token rotates, a replay ends
everything that grew out of the code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Never, assert_never

from domain.decider import Decider
from domain.errors import InvalidGrant
from domain.token_family.vocabulary import (
    Absent,
    CodeRedeemed,
    Ended,
    EndFamily,
    EndReason,
    FamilyCommand,
    FamilyEnded,
    FamilyEvent,
    FamilyOpened,
    Live,
    Opened,
    OpenFamily,
    RedeemCode,
    RefreshTokenRotated,
    RotateRefreshToken,
    TokenFamily,
)
from domain.values import FamilyId, StreamId, stream_id


def decide(state: TokenFamily, command: FamilyCommand, _facts: None) -> Sequence[FamilyEvent]:
    """Decide on one family. A replay is not refused: it appends `FamilyEnded`, and the caller
    that sees it answers ``invalid_grant`` (RFC 6749 §4.1.2, RFC 9700 §4.14.2). Using a rotated
    refresh token within the grace changes nothing: the caller gets the one that followed it."""
    match command:
        case OpenFamily():
            return _open(state, command)
        case RedeemCode():
            return _redeem(state, command)
        case RotateRefreshToken():
            return _rotate(state, command)
        case EndFamily():
            return _end(state, command)
        case _ as never:
            assert_never(never)


def _open(state: TokenFamily, command: OpenFamily) -> Sequence[FamilyEvent]:
    if not isinstance(state, Absent):
        raise InvalidGrant("family exists")
    return [
        FamilyOpened(
            family_id=command.family_id,
            consent_id=command.consent_id,
            person=command.person,
            client=command.client,
            resource=command.resource,
            scopes=command.scopes,
            code_digest=command.code_digest,
            code_expires_at=command.code_expires_at,
            family_expires_at=command.family_expires_at,
        )
    ]


def _redeem(state: TokenFamily, command: RedeemCode) -> Sequence[FamilyEvent]:
    match state:
        case Absent() | Ended():
            raise InvalidGrant("no live family")
        case Opened(opening=opening):
            _check_client(opening, command.client_id)
            if command.now >= opening.code_expires_at:
                raise InvalidGrant("code expired")
            expiry = min(command.refresh_expires_at, opening.family_expires_at)
            return [CodeRedeemed(command.family_id, command.refresh_digest, expiry)]
        case Live(opening=opening):
            _check_client(opening, command.client_id)
            return [_ended(opening, EndReason.CODE_REPLAYED)]
        case _ as never:
            assert_never(never)


def _rotate(state: TokenFamily, command: RotateRefreshToken) -> Sequence[FamilyEvent]:
    if not isinstance(state, Live):
        raise InvalidGrant("no live family")
    _check_client(state.opening, command.client_id)
    if not set(command.scopes) <= set(state.opening.scopes):
        raise InvalidGrant("scopes may only narrow")
    presented = command.presented_digest
    if presented in state.retired:
        if command.now - state.retired[presented] >= command.grace:
            return [_ended(state.opening, EndReason.REFRESH_TOKEN_REPLAYED)]
        return []
    if presented not in state.usable:
        raise InvalidGrant("unknown refresh token")
    if command.now >= state.usable[presented]:
        raise InvalidGrant("refresh token expired")
    return [
        RefreshTokenRotated(
            family_id=command.family_id,
            retired_digest=presented,
            refresh_digest=command.refresh_digest,
            refresh_expires_at=min(command.refresh_expires_at, state.opening.family_expires_at),
            scopes=command.scopes,
            rotated_at=command.now,
        )
    ]


def _end(state: TokenFamily, command: EndFamily) -> Sequence[FamilyEvent]:
    if isinstance(state, Absent | Ended):
        return []
    return [_ended(state.opening, command.reason)]


def _check_client(opening: FamilyOpened, client_id: str) -> None:
    if opening.client.client_id != client_id:
        raise InvalidGrant("another client's grant")


def _ended(opening: FamilyOpened, reason: EndReason) -> FamilyEnded:
    return FamilyEnded(opening.family_id, opening.person, opening.client, reason)


def evolve(state: TokenFamily, event: FamilyEvent) -> TokenFamily:
    """Fold one family event."""
    match event:
        case FamilyOpened():
            return Opened(event)
        case CodeRedeemed():
            opening = state.opening if isinstance(state, Opened) else _impossible(event)
            digest = event.refresh_digest
            usable = {} if digest is None else {digest: event.refresh_expires_at}
            return Live(opening, usable, {})
        case RefreshTokenRotated():
            live = state if isinstance(state, Live) else _impossible(event)
            usable = {d: at for d, at in live.usable.items() if d != event.retired_digest}
            retired = {**live.retired, event.retired_digest: event.rotated_at}
            usable[event.refresh_digest] = event.refresh_expires_at
            return replace(live, usable=usable, retired=retired)
        case FamilyEnded():
            return Ended(event.reason)
        case _ as never:
            assert_never(never)


def _impossible(event: FamilyEvent) -> Never:
    msg = f"{event.TOPIC} cannot follow in this stream"
    raise AssertionError(msg)


DECIDER: Decider[TokenFamily, FamilyCommand, None, FamilyEvent] = Decider(
    category="token_family", initial=Absent(), decide=decide, evolve=evolve
)


def family_stream(family_id: FamilyId) -> StreamId:
    """Return the stream of one token family."""
    return stream_id(DECIDER.category, family_id)
