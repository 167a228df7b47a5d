"""How often one may fail."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from starlette.requests import Request

from domain.person import PutPerson, Role
from server.limits.attempts import Attempts, address_of
from server.wiring import System
from tests.browser import FormBrowser
from tests.seeds import BOB, PASSWORD, person
from tests.web import Web, web_of, web_with

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url() -> str:
    """What is kept in the store is tested on all of them in `tests/limits`."""
    return "sqlite:///:memory:"


@pytest.fixture
def minutes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Minutes that all clocks are ahead; append to let time pass."""
    moved, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + 60 * sum(moved))
    return moved


@pytest.fixture
async def web(system: System, minutes: list[float]) -> AsyncIterator[Web]:
    def ahead() -> datetime:
        return system.clock() + timedelta(minutes=sum(minutes))

    async with web_of(replace(system, clock=ahead)) as served:
        yield served


class Guesser:
    """Somebody who tries passwords, from one address."""

    def __init__(self, web: Web, address: str = "203.0.113.7") -> None:
        self.web = web
        self.address = address
        self.flow = web.flow()

    async def guess(self, username: str, password: str = "wrong") -> int:
        if not self.flow.client_id:
            await self.flow.register()
        self.web.transport.client = (self.address, 40_000)
        browser = FormBrowser(self.web.issuer, username, password)
        browser.http = type(self.web.http)(transport=self.web.transport)
        page = await browser.http.get(self.flow.authorization_url())
        answer = await browser.submit(page)
        if answer.status_code == 429:
            assert 0 < int(answer.headers["retry-after"]) <= 900
            assert "Too many attempts" in answer.text
        return answer.status_code


@pytest.mark.parametrize("name", ["alice", "nobody-of-this-name", "ALICE"])
async def test_after_five_failures_even_the_right_password_has_to_wait(
    web: Web, minutes: list[float], name: str
) -> None:
    """RFC 6585 §4; a name that nobody has is treated the same."""
    stranger = Guesser(web)
    assert [await stranger.guess(name) for _ in range(6)] == [401] * 5 + [429]
    elsewhere = Guesser(web, "198.51.100.9")
    assert await elsewhere.guess(name, PASSWORD) == 429
    assert await elsewhere.guess("carol", PASSWORD) == 303, "nobody else has to wait"
    minutes.append(15)
    assert await stranger.guess(name, PASSWORD) == (303 if name.lower() == "alice" else 401)


async def test_a_success_forgets_the_failures_before_it(web: Web, minutes: list[float]) -> None:
    someone = Guesser(web)
    for _ in range(3):
        assert [await someone.guess("alice") for _ in range(4)] == [401] * 4
        assert await someone.guess("alice", PASSWORD) == 303
        minutes.append(1)


async def test_no_stranger_locks_an_administrator_out(web: Web) -> None:
    roles = (Role.ADMINISTRATOR, Role.EMPLOYEE)
    await web.execute(PutPerson(BOB, replace(person(BOB), roles=roles)))
    stranger = Guesser(web)
    assert [await stranger.guess("bob") for _ in range(6)] == [401] * 5 + [429]
    assert await Guesser(web, "198.51.100.9").guess("bob", PASSWORD) == 303


@pytest.mark.parametrize("name", ["alice", "bob", "nobody-of-this-name"])
async def test_nobody_learns_from_two_addresses_who_is_an_administrator(
    web: Web, name: str
) -> None:
    """Bob is one. Each wrong answer is the same for him as for others, wherever it is given."""
    roles = (Role.ADMINISTRATOR, Role.EMPLOYEE)
    await web.execute(PutPerson(BOB, replace(person(BOB), roles=roles)))
    stranger, elsewhere = Guesser(web), Guesser(web, "198.51.100.9")
    assert [await stranger.guess(name) for _ in range(6)] == [401] * 5 + [429]
    assert [await elsewhere.guess(name) for _ in range(6)] == [429] * 6
    expected = 303 if name == "bob" else 429
    assert await Guesser(web, "192.0.2.1").guess(name, PASSWORD) == expected
    assert await elsewhere.guess(name, PASSWORD) == 429, "five guesses are five guesses"
    assert await Guesser(web, "192.0.2.2").guess(name) == 429, "nor that he has signed in"


async def test_an_address_that_tries_many_names_has_to_wait(web: Web) -> None:
    stranger = Guesser(web)
    assert {await stranger.guess(f"name-{number}") for number in range(20)} == {401}
    assert await stranger.guess("carol", PASSWORD) == 429
    assert await Guesser(web, "198.51.100.9").guess("carol", PASSWORD) == 303


async def test_failed_token_requests_of_one_client_at_one_address_are_limited(web: Web) -> None:
    flow = web.flow()
    tokens = await flow.sign_in(web.browser())
    failed = [(await flow.refresh("dwr_wrong")).status_code for _ in range(60)]
    assert failed == [400] * 60
    refused = await flow.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert int(refused.headers["retry-after"]) <= 60
    other = web.flow()
    assert "access_token" in await other.sign_in(web.browser())


async def test_a_second_client_id_does_not_hide_whose_secret_is_guessed(web: Web) -> None:
    """RFC 6749 §2.3: a client authenticates in one way."""
    client = (await web.flow().register(token_endpoint_auth_method="client_secret_basic")).json()
    url, auth = f"{web.issuer}/revoke", (client["client_id"], "wrong")
    answers = [
        (await web.http.post(url, data={"client_id": f"id-{n}"}, auth=auth)).status_code
        for n in range(61)
    ]
    assert answers == [401] * 60 + [429]
    honest = (client["client_id"], client["client_secret"])
    form = {"client_id": client["client_id"], "token": "x"}
    assert (await web.http.post(url, data=form, auth=honest)).status_code == 200


async def test_all_token_requests_of_one_client_at_one_address_are_limited(web: Web) -> None:
    """Even good ones, though an office shares an address and a published client id."""
    flow = web.flow()
    tokens = await flow.sign_in(web.browser())
    form = {"token": "dwa_unknown", "client_id": flow.client_id}
    url = f"{web.issuer}/revoke"
    answers = [(await web.http.post(url, data=form)).status_code for _ in range(599)]
    assert answers == [200] * 599, "with the code's redemption, 600"
    refused = await flow.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert (
        "Retry-After"
        in (
            await web.http.post(url, data=form, headers={"origin": "https://inspector.example"})
        ).headers["access-control-expose-headers"]
    )
    other = web.flow()
    assert "access_token" in await other.sign_in(web.browser())


async def test_registrations_from_one_address_are_limited(web: Web) -> None:
    flow = web.flow()
    answers = [(await flow.register()).status_code for _ in range(121)]
    assert answers == [201] * 120 + [429]


async def test_sign_ins_begun_from_one_address_are_limited(web: Web) -> None:
    """Each leaves a row, and nobody has signed in yet."""
    flow = web.flow()
    await flow.register()
    url = flow.authorization_url()
    answers = [(await web.http.get(url)).status_code for _ in range(301)]
    assert answers == [200] * 300 + [429]
    rows = web.system.reads.blocking(
        lambda rows: rows.select("SELECT COUNT(*) FROM authorization_request")
    )
    assert rows == [(300,)]


async def test_limits_can_be_switched_off(system: System) -> None:
    async with web_with(system, rate_limits=False) as (web, _):
        stranger = Guesser(web)
        assert [await stranger.guess("alice") for _ in range(6)] == [401] * 6


def test_an_ipv6_household_is_one_address() -> None:
    """RFC 6177: a site has at least a /64."""

    def request(host: str) -> Request:
        return Request({"type": "http", "client": (host, 1), "headers": []})

    assert address_of(request("2001:db8::1")) == address_of(request("2001:db8::ffff"))
    assert address_of(request("2001:db8:1::1")) != address_of(request("2001:db8::1"))
    assert address_of(request("203.0.113.7")) == "203.0.113.7"
    assert address_of(request("::ffff:203.0.113.7")) == "203.0.113.7", "RFC 4291 §2.5.5.2"
    assert address_of(Request({"type": "http", "client": None, "headers": []})) == ""


def test_what_is_counted_is_no_name_in_clear() -> None:
    """A dump of the memory tells nobody who tried what."""
    limits = Attempts(on=True)
    limits.token_failed("alice", "203.0.113.7")
    kept = repr([list(one) for one in memories(limits)])
    assert "alice" not in kept
    assert "203.0.113.7" not in kept
    assert len(kept) > 64


def test_names_that_nobody_tries_any_more_are_forgotten(minutes: list[float]) -> None:
    limits = Attempts(on=True, most_keys=4_000)
    for number in range(999):
        limits.token_failed(f"client-{number}", "203.0.113.7")
    minutes.append(2)
    limits.token_failed("last", "203.0.113.7")
    limits.token_failed("very last", "203.0.113.7")
    assert [len(one) for one in memories(limits)] == [2]


def test_a_flood_of_names_takes_no_more_than_its_room_and_no_other_limits(
    minutes: list[float],
) -> None:
    limits = Attempts(on=True, most_keys=100)
    for _ in range(120):
        limits.registration("203.0.113.7")
    for number in range(1_000):
        limits.token_failed(f"client-{number}", "203.0.113.7")
    assert max(len(one) for one in memories(limits)) <= 100
    assert limits.registration("203.0.113.7") is not None


def memories(limits: Attempts) -> list[dict[str, object]]:
    """Return what each limit remembers, by name."""
    return [one.storage.__dict__["events"] for one in limits._counts.values()]
