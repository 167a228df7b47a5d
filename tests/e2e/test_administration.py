"""What an operator does beside serving: accounts, resource servers, keys, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.browser import FormBrowser
from tests.oauth.flow import Flow
from tests.running import RunningServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def empty(tmp_path: Path) -> RunningServer:
    """A server without demo, not started."""
    return RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": "off"}, ("serve",))


async def signs_in(server: RunningServer, username: str, password: str) -> bool:
    async with FormBrowser(server.issuer, username, password) as browser:
        flow = Flow(browser.http, server.issuer)
        await flow.register()
        page = await browser.submit(await browser.http.get(flow.authorization_url()))
        return page.status_code == 303


async def test_a_demo_says_that_its_password_is_another_at_each_start_unless_it_was_set(
    tmp_path: Path,
) -> None:
    unset = ("env", "-u", "DOORWARD_DEMO_PASSWORD")
    off = {"DOORWARD_NATS_URL": "off"}
    demo = RunningServer(tmp_path / "data", off, before=unset)
    passwords = set()
    for _ in range(2):
        demo.start()
        demo.stop()
        shown = next(at for at, line in enumerate(demo.lines) if line.startswith("  Password"))
        passwords.add(demo.lines[shown].split()[1])
        assert "DOORWARD_DEMO_PASSWORD" in demo.lines[shown + 1]
        demo.lines.clear()
    assert len(passwords) == 2
    kept = RunningServer(tmp_path / "data", off).start()
    kept.stop()
    assert not [line for line in kept.lines if "DOORWARD_DEMO_PASSWORD" in line]


async def test_a_first_start_shows_an_administrators_password_once(empty: RunningServer) -> None:
    empty.start()
    password = next(line.split()[1] for line in empty.lines if line.startswith("  Password"))
    assert await signs_in(empty, "admin", password)
    empty.stop()
    empty.lines.clear()
    empty.start()
    assert not [line for line in empty.lines if "Password" in line]
    assert await signs_in(empty, "admin", password)
    empty.stop()


async def test_accounts_and_resource_servers_are_made_while_the_server_runs(
    empty: RunningServer,
) -> None:
    empty.start()
    added = json.loads(empty.run("account", "add", "dora", "--role", "approver", "--json").stdout)
    assert await signs_in(empty, "dora", added["password"])
    changed = json.loads(empty.run("account", "password", "dora", "--json").stdout)
    assert not await signs_in(empty, "dora", added["password"])
    assert await signs_in(empty, "dora", changed["password"])
    told = json.loads(empty.run("resource-server", "add", "reports", "--json").stdout)
    form = {"token": "x", "client_id": "reports", "client_secret": told["secret"]}
    assert introspected(empty, form) == {"active": False}
    assert "reports: " in empty.run("resource-server", "list").stdout
    again = empty.run("resource-server", "add", "reports")
    assert (again.returncode, "name_taken" in again.stderr) == (1, True)
    empty.stop()


def introspected(server: RunningServer, form: dict[str, str]) -> object:
    return httpx.post(f"{server.issuer}/introspect", data=form).json()


def test_a_running_server_takes_up_a_rotated_key(empty: RunningServer) -> None:
    empty.start()
    before = httpx.post(f"{empty.issuer}/register", json={"redirect_uris": ["http://[::1]/"]})
    assert "signs from now on" in empty.run("keys", "rotate").stdout
    listed = empty.run("keys", "list").stdout.splitlines()
    assert [line.split()[-1] for line in listed] == ["signs", "verifies"]
    former = listed[1].split()[0]
    url, client_id = f"{empty.issuer}/authorize", before.json()["client_id"]
    asked = {"client_id": client_id, "redirect_uri": "http://[::1]/"}
    assert httpx.get(url, params=asked).status_code == 200
    assert empty.run("keys", "drop", former).returncode == 0
    assert httpx.get(url, params=asked).status_code == 400
    refused = empty.run("keys", "drop", former)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    empty.stop()


@pytest.mark.parametrize(
    "settings",
    [
        {"DOORWARD_HOST": "0.0.0.0"},
        {"DOORWARD_PUBLIC_URL": "https://doorward.example"},
    ],
)
def test_passwords_are_not_offered_to_a_whole_network_unasked(
    empty: RunningServer, settings: dict[str, str]
) -> None:
    empty.settings.update(settings)
    for arguments in (("serve",), ("serve", "--demo")):
        refused = empty.run(*arguments)
        assert refused.returncode == 1
        assert "DOORWARD_LOCAL_ACCOUNTS=on" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_who_asks_for_it_gets_it_with_a_warning(empty: RunningServer) -> None:
    empty.settings |= {"DOORWARD_HOST": "0.0.0.0", "DOORWARD_LOCAL_ACCOUNTS": "on"}
    empty.settings["DOORWARD_PUBLIC_URL"] = empty.issuer
    empty.start()
    empty.stop()
    assert "anybody who reaches this server may try passwords" in empty.said()


async def test_a_forwarded_address_is_believed_from_a_trusted_proxy_alone(
    empty: RunningServer,
) -> None:
    """Else anybody would choose the address that his failures are counted for."""
    for trusted, expected in (("", 429), ("127.0.0.1", 401)):
        empty.settings["DOORWARD_TRUSTED_PROXIES"] = trusted
        empty.start()
        async with FormBrowser(empty.issuer, "", "wrong") as browser:
            flow = Flow(browser.http, empty.issuer)
            await flow.register()
            page = await browser.http.get(flow.authorization_url())
            for number in range(21):
                browser.username = f"name-{number}"
                browser.http.headers["x-forwarded-for"] = f"203.0.113.{number}"
                last = await browser.submit(page)
        empty.stop()
        assert last.status_code == expected
