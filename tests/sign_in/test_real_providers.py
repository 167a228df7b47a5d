"""Sign-in at identity providers that others wrote, through their own pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from domain.person import IdentityLinked, PersonRegistered, Role
from domain.values import Via
from projections.identities import person_id_of
from projections.people import PersonRow, person_by_id
from server.sign_in.claims import first_person_id
from server.sign_in.refusals import ProviderDeclined, ProviderUntrusted, StaleSignIn
from server.wiring import System
from tests import seeds
from tests.sign_in.providers import (
    ProviderBrowser,
    doorward_at,
    mock_provider,
    node_provider,
    query_of,
    visit,
)

pytestmark = pytest.mark.anyio
ON_MEMORY = pytest.mark.parametrize("database_url", ["memory"], indirect=True)
DANA: dict[str, object] = {
    "sub": "s-dana",
    "preferred_username": "dana",
    "given_name": "Dana",
    "family_name": "Doe",
    "email": "dana@example.org",
    "groups": ["sales", "it admins"],
    "manager": "s-boss",
}
ALICES_DOUBLE: dict[str, object] = {
    "sub": "s-double",
    "preferred_username": "alice",
    "email": "alice@example.com",
    "email_verified": False,
}


@pytest.fixture(scope="module")
async def mock() -> AsyncIterator[str]:
    async with mock_provider(DANA, ALICES_DOUBLE) as issuer:
        yield issuer


def present(system: System, person_id: str) -> PersonRow | None:
    return system.reads.blocking(lambda rows: person_by_id(rows, person_id))


async def test_a_first_sign_in_registers_the_person_and_links_the_identity(
    system: System, mock: str
) -> None:
    roles = {"it admins": Role.ADMINISTRATOR}
    went = await visit(doorward_at(system, mock, oidc_roles=roles))
    head = system.store.head()
    person_id, request = await went.doorward.finish(await went.callback("s-dana"), went.browser)
    assert request == went.then
    assert system.reads.blocking(lambda rows: person_id_of(rows, mock, "s-dana")) == person_id
    assert present(system, person_id) == PersonRow(
        person_id=person_id,
        username="dana",
        given_name="Dana",
        family_name="Doe",
        email="dana@example.org",
        manager=first_person_id(mock, "s-boss"),
        groups=("sales",),
        roles=(Role.ADMINISTRATOR, Role.EMPLOYEE),
        disabled=False,
    )
    envelopes = [one.envelope for one in system.store.events_after(head, 10)]
    assert [type(one.event) for one in envelopes] == [PersonRegistered, IdentityLinked]
    assert {(one.actor.via, one.actor.subject) for one in envelopes} == {(Via.WEB, person_id)}


async def test_the_next_sign_in_finds_the_same_person_and_writes_no_history(
    system: System, mock: str
) -> None:
    doorward = doorward_at(system, mock)
    first = await visit(doorward)
    person_id, _ = await doorward.finish(await first.callback("s-dana"), first.browser)
    head = system.store.head()
    again = await visit(doorward, fresh=True)
    assert (await doorward.finish(await again.callback("s-dana"), again.browser))[0] == person_id
    assert system.store.head() == head


async def test_two_first_sign_ins_at_once_make_one_person(system: System, mock: str) -> None:
    doorward = doorward_at(system, mock)
    visits = [await visit(doorward) for _ in range(4)]
    answers = [await one.callback("s-dana") for one in visits]
    finished = await asyncio.gather(
        *(
            doorward.finish(answer, one.browser)
            for one, answer in zip(visits, answers, strict=True)
        )
    )
    assert len({person_id for person_id, _ in finished}) == 1
    assert {request for _, request in finished} == {one.then for one in visits}


async def test_a_callback_counts_once_and_in_its_own_browser_only(
    system: System, mock: str
) -> None:
    doorward = doorward_at(system, mock)
    went, other = await visit(doorward), await visit(doorward)
    answer = await went.callback("s-dana")
    with pytest.raises(StaleSignIn) as foreign:
        await doorward.finish(answer, other.browser)
    assert foreign.value.then is None, "another browser learns nothing"
    await doorward.finish(answer, went.browser)
    with pytest.raises(StaleSignIn):
        await doorward.finish(answer, went.browser)


async def test_the_user_name_and_unchecked_mail_of_a_local_account_give_no_way_into_it(
    system: System, mock: str
) -> None:
    went = await visit(doorward_at(system, mock))
    person_id, _ = await went.doorward.finish(await went.callback("s-double"), went.browser)
    assert person_id != seeds.ALICE
    alice, double = present(system, seeds.ALICE), present(system, person_id)
    assert alice is not None
    assert double is not None
    assert (double.username, double.email) == ("s-double", ""), "her name is hers"
    assert alice.groups == ("sales",), "her own record is untouched"


@ON_MEMORY
async def test_a_person_who_refuses_at_the_provider_may_try_again(
    system: System, mock: str
) -> None:
    went = await visit(doorward_at(system, mock))
    async with ProviderBrowser(mock) as browser:
        page = await browser.http.get(went.url)
        answer = await browser.submit(page, action="deny")
    # This provider leaves the state out of a denial, against RFC 6749 §4.1.2.1.
    denied = {**query_of(went.url), **query_of(answer.headers["location"])}
    assert denied["error"] == "access_denied"
    with pytest.raises(ProviderDeclined) as refusal:
        await went.doorward.finish(denied, went.browser)
    assert refusal.value.then == went.then


@ON_MEMORY
async def test_the_code_of_another_sign_in_is_refused_by_its_nonce(
    system: System, mock: str
) -> None:
    doorward = doorward_at(system, mock)
    mine, his = await visit(doorward), await visit(doorward)
    stolen = {**await his.callback("s-dana"), "state": query_of(mine.url)["state"]}
    with pytest.raises(ProviderUntrusted):
        await doorward.finish(stolen, mine.browser)


@ON_MEMORY
async def test_a_strict_provider_signs_in_anew_and_its_userinfo_describes_the_person(
    system: System,
) -> None:
    redirect_uri = doorward_at(system, "http://127.0.0.1:1").redirect_uri
    async with node_provider(redirect_uri) as issuer:
        doorward = doorward_at(system, issuer)
        went = await visit(doorward, fresh=True)
        answer = await went.callback("nora")
        assert answer["iss"] == issuer, "RFC 9207"
        person_id, _ = await doorward.finish(answer, went.browser)
        nora = present(system, person_id)
        assert nora is not None
        assert (nora.username, nora.given_name, nora.family_name) == ("nora.n", "Nora", "Node")
        assert nora.manager == first_person_id(issuer, "the boss")
        mine, his = await visit(doorward), await visit(doorward)
        stolen = {**await his.callback("nora"), "state": query_of(mine.url)["state"]}
        with pytest.raises(ProviderUntrusted):
            await doorward.finish(stolen, mine.browser)
        unnamed = await visit(doorward)
        answer = await unnamed.callback("nora")
        del answer["iss"]
        with pytest.raises(ProviderUntrusted):
            await doorward.finish(answer, unnamed.browser)
