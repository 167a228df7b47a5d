"""Arguments complete from what the caller may see."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.catalog import AppRecord, PutApp
from domain.person import PutPerson, Role
from domain.values import AppId
from server.mcp.completions import MOST
from server.operations.read_models import catch_up
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.seeds import ALICE, CONTEXT, person
from tests.web import Web

pytestmark = pytest.mark.anyio


async def completed(
    wire: Wire, name: str, value: str, prompt: str = "request_access", **others: str
) -> dict[str, Any]:
    """Return how an argument of a prompt may go on."""
    params: dict[str, Any] = {
        "ref": {"type": "ref/prompt", "name": prompt},
        "argument": {"name": name, "value": value},
    }
    if others:
        params["context"] = {"arguments": others}
    found: dict[str, Any] = (await wire.result("completion/complete", **params))["completion"]
    return found


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_apps_complete_by_how_they_begin_and_as_search_finds_them(
    web: Web, era: str
) -> None:
    wire = await web.wire(era=era)
    everything = await completed(wire, "app", "")
    assert everything["values"] == ["Sales CRM", "Vault", "Wiki"]
    assert (everything["total"], everything["hasMore"]) == (3, False)
    assert (await completed(wire, "app", "v"))["values"] == ["Vault"]
    assert (await completed(wire, "app", "SAL"))["values"] == ["Sales CRM"]
    assert (await completed(wire, "app", "crm"))["values"] == ["Sales CRM"]
    assert (await completed(wire, "app", "zebra\0"))["values"] == []


async def test_permissions_complete_within_the_app_that_is_filled_in(web: Web) -> None:
    wire = await web.wire()
    of_app = await completed(wire, "what", "", app="Sales CRM")
    assert of_app["values"]
    assert all(one.startswith("Sales CRM / ") for one in of_app["values"])
    assert (await completed(wire, "what", "reader", app="Sales CRM"))["values"] == [
        "Sales CRM / Reader"
    ]
    assert (await completed(wire, "what", "re", app="Sales CRM"))["values"] == [
        "Sales CRM / Reader"
    ]
    assert (await completed(wire, "what", ""))["values"] == []


async def test_what_a_person_may_not_request_completes_nothing(web: Web) -> None:
    record = AppRecord(name="Vault of secrets", audience="nobody-is-in-this")
    await web.execute(PutApp(AppId("secrets"), record))
    await asyncio.to_thread(catch_up, web.system)
    wire = await web.wire()
    for value in ("", "vault of", "secrets"):
        assert "Vault of secrets" not in (await completed(wire, "app", value))["values"]
    assert (await completed(wire, "what", "", app="Vault of secrets"))["values"] == []


async def test_no_more_than_the_specification_allows(web: Web) -> None:
    for number in range(MOST + 5):
        record = AppRecord(name=f"Machine {number:03}")
        await web.execute(PutApp(AppId(f"machine-{number}"), record))
    await asyncio.to_thread(catch_up, web.system)
    wire = await web.wire()
    found = await completed(wire, "app", "mach")
    assert (len(found["values"]), found["total"], found["hasMore"]) == (MOST, MOST + 5, True)
    assert found["values"][0] == "Machine 000"


async def test_requests_complete_among_ones_own(web: Web) -> None:
    alice, carol = await web.wire("alice"), await web.wire("carol")
    done = await alice.ask(
        "submit_access_request", app_id="wiki", business_justification="To write"
    )
    mine = done["access_requests"][0]["id"]
    for value in ("", mine[:9], "wik"):
        found = await completed(alice, "request", value, "extend_access")
        assert found == {"values": [mine], "total": 1, "hasMore": False}
        assert (await completed(carol, "request", value, "extend_access"))["values"] == []
    ref = {"type": "ref/resource", "uri": "doorward://requests/{id}"}
    argument = {"name": "id", "value": ""}
    found = await alice.result("completion/complete", ref=ref, argument=argument)
    assert found["completion"]["values"] == [mine]


async def test_ids_of_requests_complete_for_whom_the_tool_that_lists_them_is(web: Web) -> None:
    wire = await web.wire()
    await wire.ask("submit_access_request", app_id="wiki", business_justification="To write")
    await web.execute(PutPerson(ALICE, replace(person(ALICE), roles=())))
    ref = {"type": "ref/resource", "uri": "doorward://requests/{id}"}
    found = await wire.result("completion/complete", ref=ref, argument={"name": "id", "value": ""})
    assert found["completion"] == {"values": [], "total": 0, "hasMore": False}


async def test_lengths_complete_and_unknown_arguments_do_not(web: Web) -> None:
    wire = await web.wire()
    assert (await completed(wire, "duration", "2"))["values"][0] == "2 hours"
    assert (await completed(wire, "zebra", ""))["values"] == []


async def test_a_hidden_prompt_is_not_told_from_none(web: Web) -> None:
    wire = await web.wire()
    record = replace(person(ALICE), roles=(Role.AUDITOR,))
    await web.system.bus.execute(PutPerson(ALICE, record), CONTEXT)
    argument = {"name": "app", "value": ""}
    hidden, unknown = [
        await wire.fault(
            "completion/complete", ref={"type": "ref/prompt", "name": name}, argument=argument
        )
        for name in ("request_access", "no_such_prompt")
    ]
    assert hidden == unknown
    assert hidden["code"] == -32602
