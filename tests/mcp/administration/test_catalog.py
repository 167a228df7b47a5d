"""The catalog, as an administrator's client looks through it and changes it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from domain.access_request import RequestCancelled
from domain.catalog import (
    AppChanged,
    AppRecord,
    AppRetired,
    PermissionAdded,
    PermissionChanged,
    PutApp,
    RetireApp,
)
from domain.policy import DEFAULT, PublishPolicy
from server.operations.read_models import catch_up
from tests import seeds
from tests.mcp.administration.desk import FORMS, agreed, called, desk, events
from tests.mcp.wire import LEGACY, MODERN
from tests.seeds import BOB, CRM, VAULT
from tests.web import Web

pytestmark = pytest.mark.anyio
POLICY: dict[str, Any] = {"id": "strict", "requestable_by": ["sales"]}


async def followed(web: Web) -> None:
    await asyncio.to_thread(catch_up, web.system)


async def test_all_is_found_whoever_may_request_it(web: Web) -> None:
    wire = await desk(web, "catalog")
    apps = await wire.ask("find_catalog_entries", kind="app")
    assert {one["id"] for one in apps["items"]} == {"crm", "wiki", "vault"}
    sales = await wire.ask("find_catalog_entries", kind="app", audience="sales")
    assert [one["name"] for one in sales["items"]] == ["Sales CRM"]
    for query in ("CRM / read", "crm:READ", "reader"):
        found = await wire.ask("find_catalog_entries", kind="permission", query=query)
        assert [one["id"] for one in found["items"]] == ["crm:reader"], query
    vault = await wire.ask("find_catalog_entries", kind="permission", app_id="vault", size=1)
    assert (vault["total"], vault["pages"], len(vault["items"])) == (2, 2, 1)
    for nothing in ("%", "_", "!", "'; DROP TABLE app; --", "\u202e"):
        found = await wire.ask("find_catalog_entries", kind="app", query=nothing)
        assert found["items"] == [], nothing


async def test_a_record_is_shown_with_its_version_and_who_may_request_it(web: Web) -> None:
    wire = await desk(web, "catalog")
    app = await wire.ask("get_catalog_entry", kind="app", id="crm")
    assert (app["version"], app["in_catalog"], app["permissions"]) == (1, True, 2)
    assert app["visible_to"] == {"audience": "sales", "requestable_by": []}
    assert app["governing_policy"] == "default"
    permission = await wire.ask("get_catalog_entry", kind="permission", id="crm:reader")
    assert permission["record"]["app_id"] == "crm"
    assert permission["visible_to"]["audience"] == "sales"
    said = await wire.refused("get_catalog_entry", kind="app", id="crm:reader")
    assert said.startswith("nothing_there: There is no app “crm:reader”; find_catalog_entries")


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_what_is_given_of_an_app_is_changed_and_the_rest_stays(web: Web, era: str) -> None:
    wire = await desk(web, "catalog", era=era)
    given: dict[str, Any] = {"app_id": "crm", "audience": "everyone", "owners": ["bob", "carol"]}
    before = events(web)
    would = await wire.ask("put_app", **given, dry_run=True)
    assert would["outcome"] == "would_change"
    assert {"field": "audience", "before": "sales", "after": "everyone"} in would["changes"]
    assert events(web) == before
    done = await wire.ask("put_app", **given, expected_version=would["version"])
    assert (done["outcome"], done["version"]) == ("changed", 2)
    (event,) = web.events(AppChanged)
    assert (event.record.name, event.record.owners) == ("Sales CRM", ("bob", "carol"))
    again = await wire.ask("put_app", **given)
    assert again["outcome"] == "unchanged"
    said = await wire.refused("put_app", **given, expected_version=1)
    assert said.startswith("stale_version")


@pytest.mark.parametrize("era", [MODERN, LEGACY])
@pytest.mark.parametrize(
    ("tool", "given", "name"),
    [
        ("put_app", {"app_id": "crm"}, "Sales CRM"),
        ("put_app", {"app_id": "new", "name": "New"}, "New"),
        ("put_permission", {"permission_id": "crm:reader"}, "Sales CRM / Reader"),
        ("put_permission", {"permission_id": "x", "app_id": "crm", "label": "X"}, "X"),
    ],
)
async def test_another_policy_governs_only_once_a_person_has_agreed(
    web: Web, era: str, tool: str, given: dict[str, Any], name: str
) -> None:
    """Else a client that may not publish a policy could choose the one by which nobody is asked."""
    await web.execute(PublishPolicy(replace(DEFAULT, policy_id="free", stages=())))
    wire = await desk(web, "catalog", era=era)
    before = events(web)
    would = await wire.ask(tool, **given, policy="free", dry_run=True)
    assert {"field": "policy", "before": "", "after": "free"} in would["changes"]
    said = await wire.refused(tool, **given, policy="free")
    assert said.startswith("not_confirmed")
    assert "New requests are ruled by the policy free. Nobody is asked to approve." in said
    assert events(web) == before
    await wire.ask(tool, **given, policy="free", confirm=name)
    await wire.ask(tool, **given, policy="free", description="Of another kind.")
    off = await wire.refused(tool, **given, policy="")
    assert "ruled by the policy default. Who decides: manager (1 of manager)." in off


async def test_a_permission_moves_to_another_app_and_its_policy_once_a_person_agrees(
    web: Web,
) -> None:
    wire = await desk(web, "catalog", capabilities=FORMS)
    given = {"permission_id": "crm:reader", "app_id": "wiki"}
    asked = await called(wire, "put_permission", **given)
    ((_, form),) = asked["inputRequests"].items()
    assert "It moves to the app “Wiki”." in form["params"]["message"]
    assert not web.events(PermissionChanged)
    await agreed(wire, "put_permission", **given)
    assert web.events(PermissionChanged)


async def test_the_event_says_who_changed_it_by_which_client(web: Web) -> None:
    wire = await desk(web, "catalog")
    await wire.ask("put_permission", permission_id="wiki:editor", app_id="wiki", label="Editor")
    assert len(web.events(PermissionAdded)) == 5
    (*_, last) = web.system.store.events_after(0, 10_000)
    actor = last.envelope.actor
    assert (actor.via, actor.subject, actor.client and actor.client.name) == (
        "mcp",
        BOB,
        "Test client",
    )


async def test_what_the_catalogs_own_rules_refuse_is_refused(web: Web) -> None:
    wire = await desk(web, "catalog")
    before = events(web)
    for tool, given, code in (
        ("put_app", {"app_id": "new"}, "malformed_text"),
        ("put_app", {"app_id": "a b", "name": "A"}, "malformed_text"),
        ("put_app", {"app_id": "crm", "website_url": "javascript:alert(1)"}, "malformed_text"),
        ("put_app", {"app_id": "crm", "policy": "none-such"}, "nothing_there"),
        (
            "put_permission",
            {"permission_id": "x", "app_id": "none", "label": "X"},
            "nothing_there",
        ),
        ("put_permission", {"permission_id": "x", "label": "X"}, "nothing_there"),
        ("retire_catalog_entry", {"kind": "app", "id": "none"}, "nothing_there"),
        ("retire_catalog_entry", {"kind": "permission", "id": "crm"}, "nothing_there"),
    ):
        said = await wire.refused(tool, **given)
        assert said.split(":")[0] == code, given
    assert events(web) == before


async def test_a_name_that_is_not_there_is_said_again_only_where_it_is_plain(web: Web) -> None:
    wire = await desk(web, "catalog")
    said = await wire.refused("get_catalog_entry", kind="app", id="a\u202eb\n" + "x" * 190)
    assert said.startswith("nothing_there: There is no app “abxxx")
    assert said.isprintable()
    assert len(said) < 200


async def test_retiring_is_confirmed_by_the_person_and_ends_what_was_asked(web: Web) -> None:
    await web.execute(seeds.submission("r-1"))
    wire = await desk(web, "catalog", capabilities=FORMS)
    given: dict[str, Any] = {"kind": "app", "id": "crm"}
    asked = await called(wire, "retire_catalog_entry", **given)
    ((_, form),) = asked["inputRequests"].items()
    assert "any of its 2 permissions" in form["params"]["message"]
    assert "1 open requests are cancelled" in form["params"]["message"]
    assert not web.events(AppRetired)
    done = await agreed(wire, "retire_catalog_entry", **given)
    assert done["changes"] == [{"field": "in_catalog", "before": True, "after": False}]
    assert web.events(AppRetired)
    assert web.events(RequestCancelled)
    shown = await wire.ask("get_catalog_entry", **given)
    assert (shown["in_catalog"], shown["record"]["name"]) == (False, "Sales CRM")


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_client_without_forms_repeats_the_name(web: Web, era: str) -> None:
    wire = await desk(web, "catalog", era=era)
    given: dict[str, Any] = {"kind": "permission", "id": "crm:reader"}
    said = await wire.refused("retire_catalog_entry", **given, confirm="crm:reader")
    assert said.startswith("not_confirmed")
    name = "Sales CRM / Reader"
    done = await wire.ask("retire_catalog_entry", **given, confirm=name)
    assert done["outcome"] == "changed"


async def test_what_was_retired_is_found_and_can_be_put_back(web: Web) -> None:
    wire = await desk(web, "catalog")
    await web.execute(RetireApp(VAULT))
    await web.execute(RetireApp(CRM))
    await web.execute(PutApp(VAULT, AppRecord("Vault again")))
    await followed(web)
    gone = await wire.ask("find_catalog_entries", kind="app", retired=True)
    assert [(one["id"], one["name"]) for one in gone["items"]] == [("crm", "Sales CRM")]
    assert gone["items"][0]["retired_at"]
    none = await wire.ask("find_catalog_entries", kind="permission", retired=True)
    assert none["empty_reason"] == "Nothing of the kind was retired."
    await wire.ask("put_app", app_id="crm", name="Sales CRM")
    gone = await wire.ask("find_catalog_entries", kind="app", retired=True)
    assert gone["items"] == []


async def test_the_catalog_is_exported_page_by_page(web: Web) -> None:
    wire = await desk(web, "catalog")
    ids: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await wire.ask("export_catalog", kind="permission", size=3, **after)
        ids += [one["id"] for one in page["items"]]
        if page["goes_on"] is None:
            break
        after = {"after": page["goes_on"]}
    assert ids == ["crm:reader", "crm:writer", "vault:keeper", "vault:opener"]
    apps = (await wire.ask("export_catalog", kind="app"))["items"]
    vault = {"id": "vault", "name": "Vault", "description": "One role at a time."}
    assert apps[1] == {**vault, "audience": "everyone", "multiple_permissions": False}
    assert (await wire.ask("export_catalog", kind="policy"))["items"] == []


async def test_an_import_is_previewed_and_what_was_exported_changes_nothing(web: Web) -> None:
    wire = await desk(web, "catalog")
    apps = (await wire.ask("export_catalog", kind="app"))["items"]
    permissions = (await wire.ask("export_catalog", kind="permission"))["items"]
    before = events(web)
    same = await wire.ask("preview_catalog_import", apps=apps, permissions=permissions)
    assert same == {"added": 0, "changed": 0, "unchanged": 7}
    apps[0]["name"] = "Another"
    more = [*apps, {"id": "new", "name": "New"}]
    other = await wire.ask("preview_catalog_import", apps=more, policies=[POLICY])
    assert other == {"added": 2, "changed": 1, "unchanged": 2}
    assert events(web) == before
    said = await wire.refused("preview_catalog_import", apps=[{"id": "x"}])
    assert said == "invalid_arguments: apps[0], field record: Object missing required field `name`"


async def test_a_list_of_ten_is_a_few_hundred_tokens(web: Web) -> None:
    wire = await desk(web, "catalog")
    result = await wire.call("find_catalog_entries", kind="permission", size=10)
    each = len(json.dumps(result["structuredContent"]["items"])) / 4
    assert each < 160


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("find_catalog_entries", {}),
        ("find_catalog_entries", {"kind": "policy"}),
        ("find_catalog_entries", {"kind": "app", "query": "x" * 300}),
        ("find_catalog_entries", {"kind": "app", "app_id": "crm"}),
        ("find_catalog_entries", {"kind": "app", "retired": True, "audience": "sales"}),
        ("find_catalog_entries", {"kind": "app", "page": -1}),
        ("get_catalog_entry", {"kind": "app", "id": "\u0000' OR 1=1 --\ud800"}),
        ("export_catalog", {"kind": "app", "size": 51}),
        ("export_catalog", {"kind": "people"}),
        ("preview_catalog_import", {"apps": [{"id": "x", "name": 7}]}),
        ("preview_catalog_import", {"apps": [{}] * 501}),
        ("preview_catalog_import", {"policies": [{"id": "x", "approval": "nobody"}]}),
        ("put_app", {"app_id": "crm", "owners": ["x"] * 51}),
        ("put_app", {"app_id": "crm", "categories": "Sales"}),
        ("put_app", {"app_id": "crm", "name": "x" * 201}),
        ("put_app", {"app_id": "x" * 201, "name": "X"}),
        ("put_app", {"app_id": "crm", "force": True}),
        ("put_app", {"app_id": "crm", "multiple_permissions": "no"}),
        ("put_permission", {"permission_id": "p", "app_id": ["crm"], "label": "P"}),
        ("retire_catalog_entry", {"kind": "app", "id": "crm", "confirm": True}),
    ],
)
async def test_hostile_arguments_are_refused_and_nothing_happens(
    web: Web, tool: str, arguments: dict[str, object]
) -> None:
    wire = await desk(web, "catalog")
    before = events(web)
    said = await wire.refused(tool, **arguments)
    assert said.split(":")[0] in {"invalid_arguments", "nothing_there"}
    assert events(web) == before
