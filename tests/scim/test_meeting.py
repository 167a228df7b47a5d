"""One person, known from two sides: SCIM provisions him, the identity provider signs him in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from domain.values import Actor, Via
from projections.people import person_by_id
from server.scim.users import Users
from server.wiring import System
from tests.sign_in.providers import doorward_at, mock_provider, visit

pytestmark = pytest.mark.anyio
FAY: dict[str, object] = {
    "sub": "s-fay",
    "preferred_username": "fay",
    "given_name": "Claimed",
    "family_name": "F",
}
SCIM = Actor(Via.SCIM, service="okta")
USER = {"userName": "fay@example.com", "externalId": "s-fay", "name": {"givenName": "Fay"}}


@pytest.fixture(scope="module")
async def mock() -> AsyncIterator[str]:
    async with mock_provider(FAY) as issuer:
        yield issuer


def users(system: System, provider: str = "") -> Users:
    return Users(system.bus, system.reads, system.clock, system.new_id, "http://d", provider)


async def test_who_signs_in_is_whom_scim_provisioned_and_stays_as_it_described_him(
    system: System, mock: str
) -> None:
    provisioned = await users(system).create(SCIM, USER)
    went = await visit(doorward_at(system, mock, oidc_external_id_claim="sub"))
    person_id, _ = await went.doorward.finish(await went.callback("s-fay"), went.browser)
    assert person_id == provisioned["id"]
    found = system.reads.blocking(lambda rows: person_by_id(rows, person_id))
    assert found is not None
    assert (found.username, found.given_name) == ("fay@example.com", "Fay")


async def test_without_the_setting_they_are_two(system: System, mock: str) -> None:
    provisioned = await users(system).create(SCIM, USER)
    went = await visit(doorward_at(system, mock))
    person_id, _ = await went.doorward.finish(await went.callback("s-fay"), went.browser)
    assert person_id != provisioned["id"]


async def test_who_signed_in_before_is_taken_over_by_scim(system: System, mock: str) -> None:
    went = await visit(doorward_at(system, mock, oidc_external_id_claim="sub"))
    person_id, _ = await went.doorward.finish(await went.callback("s-fay"), went.browser)
    provisioned = await users(system, mock).create(SCIM, USER)
    assert provisioned["id"] == person_id
    stranger = await users(system, mock).create(
        SCIM, {**USER, "externalId": "s-other", "userName": "o"}
    )
    assert stranger["id"] != person_id


async def test_whom_scim_disabled_cannot_sign_in(system: System, mock: str) -> None:
    provisioned = await users(system).create(SCIM, USER)
    await users(system).replace(SCIM, provisioned["id"], {**USER, "active": False})
    went = await visit(doorward_at(system, mock, oidc_external_id_claim="sub"))
    with pytest.raises(Exception, match="disabled"):
        await went.doorward.finish(await went.callback("s-fay"), went.browser)
