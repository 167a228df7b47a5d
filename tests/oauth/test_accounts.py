"""Local accounts: the first administrator, further people, passwords."""

from __future__ import annotations

import json

import pytest
from argon2 import PasswordHasher

from domain.errors import NameTaken, NothingThere, PasswordLength
from domain.person import Role
from projections.people import person_by_username
from server.operations import OPERATIONS
from server.operations.accounts import first_administrator
from server.sign_in import accounts
from server.wiring import System
from tests.seeds import PASSWORD
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio


def operate(system: System, command: str, **wish: object) -> dict[str, str]:
    return OPERATIONS[command](system, json.dumps(wish).encode(), lambda _progress: None)


async def test_an_empty_store_gets_an_administrator_once(empty_system: System) -> None:
    password = first_administrator(empty_system)
    assert password is not None
    assert len(password) >= 16
    assert first_administrator(empty_system) is None
    admin = empty_system.reads.blocking(lambda rows: person_by_username(rows, "admin"))
    assert admin is not None
    assert admin.roles == (Role.ADMINISTRATOR, Role.EMPLOYEE)
    async with web_of(empty_system) as web:
        browser = web.browser("admin")
        browser.password = password
        assert "access_token" in await web.flow().sign_in(browser)


def test_people_stop_a_first_run(system: System) -> None:
    assert first_administrator(system) is None


async def test_an_added_person_signs_in_with_the_password_that_was_told(web: Web) -> None:
    told = operate(web.system, "account add", username="dora", manager="bob", roles=["approver"])
    browser = web.browser("dora")
    browser.password = told["password"]
    assert "access_token" in await web.flow().sign_in(browser)
    row = web.system.reads.blocking(lambda rows: person_by_username(rows, "dora"))
    assert row is not None
    assert (row.manager, row.roles) == ("p-bob", (Role.APPROVER, Role.EMPLOYEE))


async def test_a_new_password_ends_the_old_one_and_every_session(web: Web) -> None:
    flow, browser = web.flow(), web.browser("alice")
    await flow.sign_in(browser)
    told = operate(web.system, "account password", username="alice", password="a new password")
    assert told == {"username": "alice"}, "a given password is not told again"
    page = await browser.http.get(flow.authorization_url(prompt="consent"))
    assert 'name="password"' in page.text
    browser.password = PASSWORD
    assert (await browser.submit(page)).status_code == 401
    browser.password = "a new password"
    assert (await browser.submit(page)).status_code == 303


def test_a_bad_wish_is_refused_by_name(system: System) -> None:
    with pytest.raises(NameTaken):
        operate(system, "account add", username="alice")
    with pytest.raises(NothingThere):
        operate(system, "account add", username="dora", manager="nobody")
    with pytest.raises(NothingThere, match="There is no person nobody"):
        operate(system, "account password", username="nobody")
    elsewhere = json.dumps({"people": [{"username": "eve"}]})
    operate(system, "people import", content=elsewhere)
    with pytest.raises(NothingThere, match="There is no password of eve; this person signs in"):
        operate(system, "account password", username="eve")
    for password in ("short", "", "x" * 1_001):
        with pytest.raises(PasswordLength):
            operate(system, "account password", username="alice", password=password)


class Counting(PasswordHasher):
    """The real hasher, telling how often it worked."""

    verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
        self.verified += 1
        return bool(super().verify(hash, password))


def test_an_unknown_name_costs_a_verification_as_a_known_one_does(system: System) -> None:
    """Else the time of an answer would tell which names exist."""
    hasher = Counting()
    for name in ("alice", "nobody"):
        found = system.reads.blocking(lambda rows, name=name: accounts.account(rows, name))  # type: ignore[misc]
        assert accounts.check_password(found, "wrong", hasher) is None
    assert hasher.verified == 2
