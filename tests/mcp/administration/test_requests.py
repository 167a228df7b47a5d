"""Everybody's access requests as an administrator's client finds, ends, hands over and, if it may, decides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.access_request import (
    AccessRevoked,
    Action,
    ApproversChanged,
    CommentAdded,
    Decide,
    DecisionTaken,
    RemovalCalledOff,
    ReportFulfilment,
    RequestCancelled,
    Result,
    Verdict,
)
from domain.feature import DECIDE_BY_CLIENT, DisableFeature, EnableFeature
from domain.person import PutPerson
from domain.policy import Evidence
from domain.values import RequestId
from tests.mcp.administration.desk import FORMS, agreed, called, desk, events
from tests.mcp.test_hiding import is_hidden, told
from tests.mcp.wire import LEGACY, MODERN
from tests.seeds import ALICE, BOB, CAROL, WIKI, person, submission
from tests.times import NOW
from tests.web import Web

pytestmark = pytest.mark.anyio
REQUEST = RequestId("00000000-0000-7000-8000-000000000001")
NAME = "Sales CRM / Reader for alice"


@pytest.fixture
async def asked(web: Web) -> Web:
    """Alice has asked to read the CRM; Bob, her manager, may decide."""
    await web.execute(submission(REQUEST))
    return web


async def granted(web: Web) -> None:
    """Let Bob approve, and do the work by hand."""
    await web.execute(Decide(REQUEST, "d-1", "x", Verdict.APPROVE, NOW, BOB))
    done = ReportFulfilment(REQUEST, "f-1", "x", Action.GRANT, Result.DONE, NOW, reported_by=BOB)
    await web.execute(done)


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_anybodys_requests_are_found_and_shown(asked: Web, era: str) -> None:
    await asked.execute(
        submission("r-2", requester=CAROL, target=CAROL, app_id=WIKI, permission_ids=())
    )
    wire = await desk(asked, "requests", era=era)
    assert (await wire.ask("find_requests"))["total"] == 2
    (one,) = (await wire.ask("find_requests", person="alice"))["items"]
    assert (one["id"], one["what"], one["target"]) == (
        REQUEST,
        "Sales CRM / Reader",
        "Alice Example",
    )
    assert "Bob Example" in one["waits_for"]
    status = one["status"]
    assert (await wire.ask("find_requests", status=status, app_id="crm"))["total"] == 1
    assert (await wire.ask("find_requests", status="COMPLETED"))["items"] == []
    whole = (await wire.ask("get_request", request_id=REQUEST))["access_request"]
    assert whole["version"] == one["version"]
    assert whole["history"][0]["event"] == "access_request.submitted"
    said = await wire.refused("get_request", request_id="none")
    assert said.startswith("nothing_there")


async def test_a_request_is_cancelled_in_the_administrators_name_after_a_yes(asked: Web) -> None:
    wire = await desk(asked, "requests", capabilities=FORMS)
    before = events(asked)
    would = await wire.ask("cancel_request", request_id=REQUEST, dry_run=True)
    assert (would["outcome"], would["name"], events(asked)) == ("would_change", NAME, before)
    assert {"field": "status", "before": "PENDING_MANAGER_APPROVAL", "after": "CANCELLED"} in (
        would["changes"]
    )
    done = await agreed(wire, "cancel_request", request_id=REQUEST, reason="Left the team")
    assert done["version"] > would["version"]
    (cancelled,) = asked.events(RequestCancelled)
    assert (cancelled.by, cancelled.reason.text) == (BOB, "Left the team")
    late = await wire.refused("cancel_request", request_id=REQUEST)
    assert late.startswith("already_closed")


async def test_a_stale_version_is_told_the_present_one(asked: Web) -> None:
    wire = await desk(asked, "requests", capabilities=FORMS)
    version = (await wire.ask("get_request", request_id=REQUEST))["access_request"]["version"]
    await wire.ask("comment_on_request", request_id=REQUEST, text="Please wait.")
    said = await wire.refused("cancel_request", request_id=REQUEST, expected_version=version)
    assert said == (
        f"stale_version: You saw version {version}, it is now {version + 1}; read it again."
    )
    (comment,) = asked.events(CommentAdded)
    assert (comment.by, comment.text.text) == (BOB, "Please wait.")


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_decision_is_handed_to_others(asked: Web, era: str) -> None:
    await asked.execute(PutPerson(ALICE, replace(person(ALICE), manager=CAROL)))
    wire = await desk(asked, "requests", era=era)
    given: dict[str, Any] = {"request_id": REQUEST, "approvers": ["carol"], "confirm": NAME}
    await wire.ask("reassign_request", **given)
    changed = asked.events(ApproversChanged)[-1]
    assert (changed.approvers, changed.by) == ((CAROL,), BOB)
    own = await wire.refused("reassign_request", **{**given, "approvers": ["alice"]})
    assert own.startswith("self_approval")
    none = await wire.refused("reassign_request", **{**given, "approvers": []})
    assert none.startswith("input_missing")
    nobody = await wire.refused("reassign_request", **{**given, "approvers": ["nobody"]})
    assert nobody.startswith("nothing_there")


async def test_access_is_revoked_only_where_it_is_held(asked: Web) -> None:
    wire = await desk(asked, "requests", capabilities=FORMS)
    said = await wire.refused("revoke_access", request_id=REQUEST)
    assert said.startswith("not_held")
    off = await wire.refused("call_off_removal", request_id=REQUEST, reason="x")
    assert off.startswith("nothing_under_way")
    assert not asked.events(AccessRevoked)
    await granted(asked)
    assert (await wire.call("find_requests", person="alice"))["structuredContent"]["total"] == 1
    done = await agreed(wire, "revoke_access", request_id=REQUEST, reason="No longer needed")
    assert done["outcome"] == "changed"
    (revoked,) = asked.events(AccessRevoked)
    assert (revoked.by, revoked.reason.text) == (BOB, "No longer needed")
    await agreed(wire, "call_off_removal", request_id=REQUEST, reason="Needed after all")
    (called_off,) = asked.events(RemovalCalledOff)
    assert called_off.by == BOB


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_deciding_is_as_unknown_as_any_name_until_people_turn_it_on(
    asked: Web, era: str
) -> None:
    wire = await desk(asked, "requests", era=era)
    assert await is_hidden(wire, "decide_request")
    given: dict[str, Any] = {"request_id": REQUEST, "verdict": "approve", "confirm": NAME}
    assert await told(wire, "decide_request", **given) == await told(wire, "nothing", **given)
    await asked.execute(EnableFeature(DECIDE_BY_CLIENT))
    assert "decide_request" in await wire.tools()
    await wire.ask("decide_request", **given)
    await asked.execute(DisableFeature(DECIDE_BY_CLIENT))
    assert await is_hidden(wire, "decide_request")
    assert len(asked.events(DecisionTaken)) == 1


async def test_where_it_is_on_the_ordinary_rules_hold_and_the_evidence_is_weak(asked: Web) -> None:
    await asked.execute(EnableFeature(DECIDE_BY_CLIENT))
    await asked.execute(
        submission("r-own", requester=BOB, target=BOB, app_id=WIKI, permission_ids=())
    )
    wire = await desk(asked, "requests", capabilities=FORMS)
    own = await wire.refused("decide_request", request_id="r-own", verdict="approve")
    assert own.startswith("self_approval")
    unsaid = await wire.refused("decide_request", request_id=REQUEST, verdict="deny")
    assert unsaid.startswith("input_missing")
    form = await called(wire, "decide_request", request_id=REQUEST, verdict="approve")
    ((_, shown),) = form["inputRequests"].items()
    assert shown["params"]["message"] == f"Bob Example approves: {NAME}."
    assert not asked.events(DecisionTaken)
    await agreed(wire, "decide_request", request_id=REQUEST, verdict="approve")
    (taken,) = asked.events(DecisionTaken)
    assert (taken.decided_by, taken.submitted_by, taken.evidence) == (
        BOB,
        None,
        Evidence.ASSERTED,
    )


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("find_requests", {"status": "NONE"}),
        ("find_requests", {"person": ""}),
        ("find_requests", {"page": 0}),
        ("find_requests", {"size": 1000}),
        ("get_request", {}),
        ("get_request", {"request_id": "x" * 1000}),
        ("cancel_request", {"request_id": REQUEST, "items": "crm:reader"}),
        ("cancel_request", {"request_id": REQUEST, "reason": "x" * 5000}),
        ("reassign_request", {"request_id": REQUEST, "approvers": ["x"] * 100}),
        ("comment_on_request", {"request_id": REQUEST, "text": ""}),
        ("decide_request", {"request_id": REQUEST, "verdict": "maybe"}),
        ("decide_request", {"request_id": REQUEST, "verdict": "approve", "evidence": "session"}),
        ("decide_request", {"request_id": REQUEST, "verdict": "approve", "decided_by": CAROL}),
    ],
)
async def test_hostile_arguments_are_refused(
    asked: Web, tool: str, arguments: dict[str, object]
) -> None:
    await asked.execute(EnableFeature(DECIDE_BY_CLIENT))
    wire = await desk(asked, "requests")
    before = events(asked)
    assert (await wire.refused(tool, **arguments)).startswith("invalid_arguments")
    assert events(asked) == before


async def test_a_list_of_ten_requests_takes_few_tokens(web: Web) -> None:
    for number in range(10):
        who = f"p-n{number}"
        await web.execute(PutPerson(who, person(who)))  # type: ignore[arg-type]  # an id
        await web.execute(
            submission(f"r-{number}", requester=who, target=who, app_id=WIKI, permission_ids=())
        )
    wire = await desk(web, "requests")
    result = await wire.call("find_requests", size=10)
    assert len(result["structuredContent"]["items"]) == 10
    assert len(json.dumps(result)) / 4 < 1_000
