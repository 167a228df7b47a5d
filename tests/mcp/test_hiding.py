"""A tool that a role or a feature flag takes away is gone with the next call of the same token, and is then as
unknown as a name that never was a tool's: byte for byte, but for the id of the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from domain.feature import FEATURES, DisableFeature, EnableFeature
from domain.person import GrantRole, ReleaseRole, RevokeRole, Role
from server.wiring import System
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import ALICE, BOB, CAROL
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio
ERAS = pytest.mark.parametrize("era", [MODERN, LEGACY])
FLAGGED = sorted(FEATURES.keys() & {"get_access_request", "cancel_access_request"})
CANCEL = "cancel_access_request"


async def told(wire: Wire, name: str, **arguments: object) -> tuple[int, dict[str, str], Any]:
    """Return all that a caller hears when he calls a tool, without the id and the time."""
    response = await wire.request("tools/call", {"name": name, "arguments": arguments})
    body = response.json()
    body.pop("id", None)
    return response.status_code, _headers(response), body


def _headers(response: httpx.Response) -> dict[str, str]:
    varying = ("date", "content-length")
    return {name: value for name, value in response.headers.items() if name not in varying}


async def is_hidden(wire: Wire, name: str) -> bool:
    """Say whether a name is no tool's for this caller, whatever he calls it with."""
    unknown = await told(wire, "no_such_tool")
    hidden = [await told(wire, name), await told(wire, name, access_request_id="x")]
    return name not in await wire.tools() and hidden == [unknown, unknown]


@ERAS
async def test_a_flag_that_is_turned_off_hides_its_tool_on_the_next_call(
    web: Web, era: str
) -> None:
    wire = await web.wire(era=era)
    assert await is_hidden(wire, CANCEL)
    await web.execute(EnableFeature(CANCEL))
    assert CANCEL in await wire.tools()
    assert (await wire.refused(CANCEL, access_request_id="x")).startswith("not_found")
    await web.execute(DisableFeature(CANCEL))
    assert await is_hidden(wire, CANCEL)


@ERAS
async def test_a_hidden_tool_asks_for_no_scope_as_no_unknown_name_does(web: Web, era: str) -> None:
    """A challenge would tell that there is such a tool."""
    wire = await web.wire(scope="doorward:user:read", era=era)
    assert await is_hidden(wire, CANCEL)
    await web.execute(EnableFeature(CANCEL))
    assert (await told(wire, CANCEL))[0] == 403
    await web.execute(DisableFeature(CANCEL))
    assert await is_hidden(wire, CANCEL)


@ERAS
async def test_what_the_setting_names_is_on_until_somebody_turns_it_off(
    system: System, era: str
) -> None:
    flagged = replace(system.settings, features=frozenset(FLAGGED))
    async with web_of(replace(system, settings=flagged)) as web:
        wire = await web.wire(era=era)
        assert set(FLAGGED) <= set(await wire.tools())
        await web.execute(DisableFeature(CANCEL))
        assert await is_hidden(wire, CANCEL)
        assert "get_access_request" in await wire.tools()


@ERAS
async def test_a_role_that_is_taken_hides_its_tools_on_the_next_call(web: Web, era: str) -> None:
    wire = await web.wire(era=era)
    names = await wire.tools()
    for back in (GrantRole, ReleaseRole):
        await web.execute(RevokeRole(ALICE, Role.EMPLOYEE))
        assert await wire.tools() == []
        for name in names:
            assert await is_hidden(wire, name)
        await web.execute(back(ALICE, Role.EMPLOYEE))
        assert await wire.tools() == names


@ERAS
async def test_who_administers_no_more_finds_no_tool_of_administrators(web: Web, era: str) -> None:
    for person in (BOB, CAROL):
        await web.execute(GrantRole(person, Role.ADMINISTRATOR))
    tokens = await web.flow("/mcp/admin").sign_in(web.browser("bob"))
    wire = Wire(web.http, web.issuer, tokens["access_token"], era, path="/mcp/admin")
    names = await wire.tools()
    assert names
    await web.execute(RevokeRole(BOB, Role.ADMINISTRATOR))
    assert await wire.tools() == []
    for name in names:
        assert await is_hidden(wire, name)
