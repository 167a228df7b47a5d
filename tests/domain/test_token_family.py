"""The rules of a token family."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import InvalidGrant
from domain.events import Event
from domain.token_family import (
    DECIDER,
    GRACE,
    CodeRedeemed,
    EndFamily,
    EndReason,
    FamilyEnded,
    FamilyOpened,
    OpenFamily,
    RedeemCode,
    RefreshTokenRotated,
    RotateRefreshToken,
)
from domain.values import Client, ClientId, ConsentId, FamilyId
from tests.seeds import ALICE
from tests.spec import Spec
from tests.times import NOW

FAMILY, CONSENT = FamilyId("f-1"), ConsentId("c-1")
CLIENT = Client(ClientId("client"), "A client")
SCOPES = ("doorward:user:read", "doorward:user:write")
SOON, LATER, END = (NOW + timedelta(minutes=1), NOW + timedelta(days=30), NOW + timedelta(days=90))
OPEN = OpenFamily(FAMILY, CONSENT, ALICE, CLIENT, "https://r", SCOPES, "code", SOON, END)
OPENED = FamilyOpened(FAMILY, CONSENT, ALICE, CLIENT, "https://r", SCOPES, "code", SOON, END)
REDEEM = RedeemCode(FAMILY, CLIENT.client_id, "first", LATER, NOW)
REDEEMED = CodeRedeemed(FAMILY, "first", LATER)
ROTATE = RotateRefreshToken(FAMILY, CLIENT.client_id, "first", "second", LATER, SCOPES, NOW)
ROTATED = RefreshTokenRotated(FAMILY, "first", "second", LATER, SCOPES, NOW)


def ended(reason: EndReason) -> FamilyEnded:
    return FamilyEnded(FAMILY, ALICE, CLIENT, reason)


def given(*events: Event) -> Spec:
    return Spec(DECIDER).given(*events)


def test_a_family_opens_with_its_code() -> None:
    given().when(OPEN).then(OPENED)
    given(OPENED).when(OPEN).refused(InvalidGrant("family exists"))


def test_a_code_is_redeemed_once() -> None:
    given(OPENED).when(REDEEM).then(REDEEMED)


def test_a_second_redemption_ends_everything_that_grew_out_of_the_code() -> None:
    """RFC 6749 §4.1.2, RFC 9700 §4.2.4."""
    given(OPENED, REDEEMED).when(REDEEM).then(ended(EndReason.CODE_REPLAYED))


def test_a_code_expires() -> None:
    given(OPENED).when(replace(REDEEM, now=SOON)).refused(InvalidGrant("code expired"))


def test_a_code_is_its_clients_own() -> None:
    theirs = replace(REDEEM, client_id="other")
    given(OPENED).when(theirs).refused(InvalidGrant("another client's grant"))


def test_another_client_that_presents_a_used_code_ends_nothing() -> None:
    theirs = replace(REDEEM, client_id="other")
    given(OPENED, REDEEMED).when(theirs).refused(InvalidGrant("another client's grant"))


def test_a_refresh_token_rotates() -> None:
    given(OPENED, REDEEMED).when(ROTATE).then(ROTATED)


def test_no_token_outlives_its_family() -> None:
    beyond = END + timedelta(days=1)
    given(OPENED).when(replace(REDEEM, refresh_expires_at=beyond)).then(
        replace(REDEEMED, refresh_expires_at=END)
    )
    given(OPENED, REDEEMED).when(replace(ROTATE, refresh_expires_at=beyond)).then(
        replace(ROTATED, refresh_expires_at=END)
    )


def test_a_retired_token_within_the_grace_changes_nothing() -> None:
    """A client whose answer was lost on the way may try again; it gets the same successor."""
    again = replace(ROTATE, refresh_digest="third", now=NOW + GRACE - timedelta(microseconds=1))
    given(OPENED, REDEEMED, ROTATED).when(again).then()
    strict = replace(again, now=NOW, grace=timedelta())
    replayed = ended(EndReason.REFRESH_TOKEN_REPLAYED)
    given(OPENED, REDEEMED, ROTATED).when(strict).then(replayed)


def test_a_retired_token_after_the_grace_ends_the_family() -> None:
    """RFC 9700 §4.14.2."""
    late = replace(ROTATE, now=NOW + GRACE)
    given(OPENED, REDEEMED, ROTATED).when(late).then(ended(EndReason.REFRESH_TOKEN_REPLAYED))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"presented_digest": "forged"}, "unknown refresh token"),
        ({"client_id": "other"}, "another client's grant"),
        ({"scopes": (*SCOPES, "doorward:admin:all")}, "scopes may only narrow"),
        ({"now": LATER}, "refresh token expired"),
    ],
)
def test_a_refresh_that_breaks_a_rule_is_refused(changes: dict[str, object], reason: str) -> None:
    bent = replace(ROTATE, **changes)  # type: ignore[arg-type]  # fields by name
    given(OPENED, REDEEMED).when(bent).refused(InvalidGrant(reason))


@pytest.mark.parametrize("command", [REDEEM, ROTATE])
def test_nothing_works_in_a_family_that_has_ended_or_never_was(command: object) -> None:
    over = ended(EndReason.REVOKED_BY_CLIENT)
    given(OPENED, REDEEMED, over).when(command).refused(InvalidGrant("no live family"))
    given().when(command).refused(InvalidGrant("no live family"))


def test_a_family_ends_once() -> None:
    end = EndFamily(FAMILY, EndReason.REVOKED_BY_PERSON)
    given(OPENED, REDEEMED).when(end).then(ended(EndReason.REVOKED_BY_PERSON))
    given(OPENED, REDEEMED, ended(EndReason.REVOKED_BY_PERSON)).when(end).then()
    given().when(end).then()
