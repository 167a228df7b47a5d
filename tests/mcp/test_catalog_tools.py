"""The three tools of the catalog as an agent meets them."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace

import pytest

from domain.catalog import AppRecord, PermissionRecord, PutApp, PutPermission
from domain.policy import DAY, DEFAULT, HOUR, FormField, PublishPolicy
from domain.values import AppId, PermissionId
from server.command_bus import UnitOfWork
from server.operations.read_models import catch_up
from tests.mcp.wire import Wire
from tests.seeds import CONTEXT
from tests.web import Web

pytestmark = pytest.mark.anyio
SUBMIT = {
    "app_id": "crm",
    "requestable_permission_ids": ["crm:reader"],
    "business_justification": "Quarter-end report",
}
LONG = "A long story. " * 40


async def put(web: Web, *commands: PutApp | PutPermission) -> None:
    def do(work: UnitOfWork) -> None:
        for one in commands:
            work.execute(one, CONTEXT)

    await web.system.bus.call(do)
    await asyncio.to_thread(catch_up, web.system)


def desks(many: int) -> list[PutPermission]:
    return [
        PutPermission(
            PermissionId(f"wiki:desk-{at}"), PermissionRecord(AppId("wiki"), f"Desk {at}", LONG)
        )
        for at in range(many)
    ]


async def text(wire: Wire, tool: str, **asked: object) -> str:
    """Return what a client reads that takes no fields."""
    told: str = (await wire.call(tool, **asked))["content"][0]["text"]
    return told


async def found(wire: Wire, term: str, **more: object) -> list[str]:
    answer = await wire.ask("search_requestable_permissions", search_term=term, **more)
    return [one["id"] for one in answer["items"]]


async def test_a_search_tells_how_well_it_matched_and_what_it_made_of_the_words(web: Web) -> None:
    wire = await web.wire()
    result = await wire.call("search_apps", name_search="custmers zebra")
    fields, text = result["structuredContent"], result["content"][0]["text"]
    assert [one["id"] for one in fields["items"]] == ["crm"]
    assert (fields["match"], fields["unmatched"]) == ("weak", ["zebra"])
    assert fields["corrected"] == {"custmers": "customers"}
    assert "Nothing that may be requested matches: zebra." in text
    assert "several phrasings at once in queries" in text


async def test_an_app_is_found_with_the_permissions_that_match(web: Web) -> None:
    wire = await web.wire()
    result = await wire.call("search_apps", name_search="change customers")
    (item,) = result["structuredContent"]["items"]
    text = result["content"][0]["text"]
    assert "- Sales CRM [crm]: Sales CRM / Writer [crm:writer]; Customers and deals." in text
    assert item["matching_permissions"][0] == {"id": "crm:writer", "label": "Sales CRM / Writer"}
    assert item["permission_count"] == 2
    assert item["score"] > 0


async def test_phrasings_are_fused_and_one_of_them_may_stand_alone(web: Web) -> None:
    wire = await web.wire()
    queries = ["deals", "customer records"]
    answer = await wire.ask("search_apps", queries=queries)
    assert [one["id"] for one in answer["items"]] == ["crm"]
    permissions = await wire.ask("search_requestable_permissions", queries=["see customers"])
    assert permissions["items"][0]["id"] == "crm:reader"
    refusal = await wire.refused("search_apps", queries=["a"] * 6)
    assert refusal == "invalid_arguments: queries holds more than 5 entries."
    blank = await wire.refused("search_requestable_permissions", queries=["", "  "])
    assert blank == "invalid_arguments: search_term is required."


async def test_nothing_found_says_what_to_try(web: Web) -> None:
    wire = await web.wire()
    answer = await wire.ask("search_apps", name_search="nuclear reactor")
    assert (answer["items"], answer["total"], answer["match"]) == ([], 0, "none")
    assert "nuclear, reactor" in answer["empty_reason"]
    assert "Try other words" in answer["empty_reason"]


async def test_hits_are_few_and_short_and_the_whole_stands_in_the_list_of_one_app(
    web: Web,
) -> None:
    await put(web, *desks(12))
    wire = await web.wire()
    answer = await wire.ask("search_requestable_permissions", search_term="desk")
    assert (len(answer["items"]), answer["total"], answer["pages"]) == (10, 12, 2)
    assert all(len(one["description"]) <= 160 for one in answer["items"])
    listed = await wire.ask("list_requestable_permissions", app_id="wiki", size=50)
    assert {one["description"] for one in listed["items"]} == {LONG.strip()}


async def test_pages_and_cursors_go_through_the_very_same_list(web: Web) -> None:
    await put(web, *desks(23))
    wire = await web.wire()
    whole = await found(wire, "desk", size=100)
    assert len(whole) == 23
    pages = [await found(wire, "desk", size=5, page=page) for page in range(1, 6)]
    assert [one for page in pages for one in page] == whole
    by_cursor: list[str] = []
    more: dict[str, object] = {}
    while True:
        answer = await wire.ask(
            "search_requestable_permissions", search_term="desk", size=5, **more
        )
        by_cursor += [one["id"] for one in answer["items"]]
        if "next_cursor" not in answer:
            break
        assert "catalog_changed" not in answer
        more = {"cursor": answer["next_cursor"]}
    assert by_cursor == whole
    assert (answer["page"], answer["pages"]) == (5, 5)


async def test_a_cursor_is_good_for_its_own_search_and_tells_that_the_catalog_changed(
    web: Web,
) -> None:
    await put(web, *desks(8))
    wire = await web.wire()
    first = await wire.ask("search_requestable_permissions", search_term="desk", size=5)
    cursor = first["next_cursor"]
    for other in (
        {"search_term": "desks"},
        {"search_term": "desk", "app_id": "wiki"},
        {"search_term": "desk", "queries": ["x"]},
    ):
        refusal = await wire.refused("search_requestable_permissions", cursor=cursor, **other)
        assert refusal.startswith("invalid_arguments: cursor is for another search")
    await put(web, PutApp(AppId("new"), AppRecord("Newcomer")))
    rest = await wire.ask(
        "search_requestable_permissions", search_term="desk", size=5, cursor=cursor
    )
    assert rest["catalog_changed"] is True
    assert len(rest["items"]) == 3


@pytest.mark.parametrize(
    "content",
    [
        "",
        "%%%",
        "e30",
        base64.urlsafe_b64encode(json.dumps([[1, 2], "x", 1]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([[1, 2, None], {}, 1e999]).encode()).decode(),
        base64.urlsafe_b64encode(b"[" * 700).decode(),
        "é",
    ],
)
async def test_a_cursor_that_is_none_is_refused(web: Web, content: str) -> None:
    wire = await web.wire()
    refusal = await wire.refused("search_apps", name_search="wiki", cursor=content)
    assert refusal.startswith("invalid_arguments: cursor is ")


async def test_what_is_asked_for_already_is_shown_as_such_or_left_out(web: Web) -> None:
    wire = await web.wire()
    done = await wire.ask("submit_access_request", **SUBMIT)
    request_id = done["access_requests"][0]["id"]
    items = {
        one["id"]: one
        for one in (await wire.ask("search_requestable_permissions", search_term="customers"))[
            "items"
        ]
    }
    assert items["crm:writer"]["requestable"] is True
    assert items["crm:writer"]["reason_not_requestable"] is None
    assert items["crm:reader"]["requestable"] is False
    reason = items["crm:reader"]["reason_not_requestable"]
    assert reason == f"already_requested: {request_id}"
    assert await found(wire, "customers", requestable_only=True) == ["crm:writer"]
    listed = await wire.ask("list_requestable_permissions", app_id="crm", requestable_only=True)
    assert [one["id"] for one in listed["items"]] == ["crm:writer"]
    assert listed["total"] == 1


async def test_a_text_says_too_what_is_asked_for_already(web: Web) -> None:
    """There are clients that show a model the text alone."""
    wire = await web.wire()
    await wire.ask("submit_access_request", **SUBMIT)
    taken = "- Sales CRM / Reader [crm:reader]: already requested; See customers."
    free = "- Sales CRM / Writer [crm:writer]: Change customers."
    for tool, asked in (
        ("search_requestable_permissions", {"search_term": "customers"}),
        ("list_requestable_permissions", {"app_id": "crm"}),
    ):
        lines = (await text(wire, tool, **asked)).splitlines()
        assert (taken in lines, free in lines) == (True, True), lines
    wiki = {"app_id": "wiki", "business_justification": "To write"}
    await wire.ask("submit_access_request", **wiki)
    for asked in ({"name_search": "wiki"}, {}):
        assert "- Wiki [wiki]: already requested; Pages" in await text(
            wire, "search_apps", **asked
        )


async def test_a_text_says_of_a_permission_what_differs_from_its_app(web: Web) -> None:
    ticket = FormField("ticket", "Ticket", required=True)
    brief = replace(
        DEFAULT,
        policy_id="brief",
        access_lengths=(2 * HOUR, 4 * HOUR),
        default_access_length=2 * HOUR,
        fields=(ticket,),
    )
    crm = await text(await web.wire(), "list_requestable_permissions", app_id="crm")
    assert crm.splitlines()[0] == (
        "Sales CRM: needs business_justification; "
        "lasts up to 90 days or Unlimited (30 days by default)."
    )
    lasting = replace(DEFAULT, access_lengths=(30 * DAY,), justification_required=False, version=1)
    for policy in (brief, lasting):
        await web.execute(PublishPolicy(policy))
    record = PermissionRecord(AppId("wiki"), "Wiki / Owner", "Everything.", policy="brief")
    await put(web, PutPermission(PermissionId("wiki:owner"), record), *desks(1))
    wire = await web.wire()
    head, _, *lines = (
        await text(wire, "list_requestable_permissions", app_id="wiki")
    ).splitlines()
    assert head == "Wiki: needs no justification; lasts 30 days."
    assert lines[0].startswith("- Desk 0 [wiki:desk-0]: A long story.")
    assert lines[1] == (
        "- Wiki / Owner [wiki:owner]: needs business_justification, ticket; "
        "lasts 2 hours, 4 hours (2 hours by default); Everything."
    )


async def test_an_exact_match_is_of_the_whole_name(web: Web) -> None:
    wire = await web.wire()
    named = await wire.ask("search_apps", name_search="sales crm", exact_match=True)
    assert [one["id"] for one in named["items"]] == ["crm"]
    part = await wire.ask("search_apps", name_search="sales", exact_match=True)
    assert part["items"] == []
    assert "leave exact_match out" in part["empty_reason"]
    labelled = await wire.ask(
        "search_requestable_permissions", search_term="SALES CRM / reader", exact_match=True
    )
    assert [one["id"] for one in labelled["items"]] == ["crm:reader"]


async def test_a_search_within_one_app_is_ranked_and_stays_there(web: Web) -> None:
    wire = await web.wire()
    answer = await wire.ask("list_requestable_permissions", app_id="crm", search_term="change")
    assert [one["id"] for one in answer["items"]] == ["crm:writer"]
    assert answer["match"] == "strong"
    assert answer["app"]["permission_count"] == 2
    nothing = await wire.ask("list_requestable_permissions", app_id="crm", search_term="opener")
    assert nothing["items"] == []
