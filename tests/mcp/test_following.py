"""What a client learns of a request on its way: the form, a preview, who has to act, how it stood."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.access_request import (
    Action,
    Decide,
    ReportFulfilment,
    RequestSubmitted,
    Result,
    Status,
    Verdict,
)
from domain.policy import Evidence
from domain.values import Actor, PersonId, RequestId, Via
from server.command_bus import CommandContext
from server.mcp.schemas import STATUS_GROUPS
from server.wiring import System
from tests import seeds
from tests.mcp.wire import LEGACY, Wire
from tests.two_stages import ADMIN, TICKET, WISH, prepare
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def system(system: System) -> System:
    """With a policy of two stages, and an administrator who grants by hand."""
    prepare(system)
    return system


async def submitted(wire: Wire, **changes: Any) -> dict[str, Any]:
    """Submit what alice wants; return the request as it was answered."""
    answer = await wire.ask(
        "submit_access_request", **{**WISH, "custom_fields": TICKET, **changes}
    )
    request: dict[str, Any] = answer["access_requests"][0]
    return request


async def present(wire: Wire, request_id: str, **more: Any) -> dict[str, Any]:
    """Return the request as the list shows it."""
    answer = await wire.ask("list_access_requests", access_request_id=request_id, **more)
    (request,) = answer["items"]
    return dict(request)


async def act(web: Web, by: PersonId, command: object) -> None:
    """Do what somebody does on the web."""
    system = web.system
    context = CommandContext(Actor(Via.WEB, by), system.clock(), system.new_id())
    await system.bus.execute(command, context)


async def approve(web: Web, request_id: str, by: PersonId) -> None:
    """Say yes, as on the web."""
    await act(
        web,
        by,
        Decide(
            RequestId(request_id),
            f"{request_id}-{by}",
            "digest",
            Verdict.APPROVE,
            web.system.clock(),
            by,
            evidence=Evidence.SESSION,
        ),
    )


async def grant(web: Web, request_id: str) -> None:
    """Grant it by hand, as an administrator does."""
    await act(
        web,
        ADMIN,
        ReportFulfilment(
            RequestId(request_id),
            f"granted-{request_id}",
            "digest",
            Action.GRANT,
            Result.DONE,
            web.system.clock(),
            reported_by=ADMIN,
        ),
    )


async def test_the_form_of_an_app_tells_who_approves_and_what_is_asked(web: Web) -> None:
    wire = await web.wire()
    form = await wire.ask("list_requestable_permissions", app_id="crm")
    config = form["request_config"]["request_approval_config"]
    assert config["manager_approval"] == "INITIAL_APPROVAL"
    assert config["require_additional_approval"]
    assert [one["approvers"] for one in config["request_approval_stages"]] == [
        ["manager"],
        ["owner"],
    ]
    assert form["required_fields"]["required"] == ["business_justification", "ticket"]
    assert form["required_fields"]["properties"]["ticket"]["pattern"] == "^T-"
    assert list(form["optional_fields"]["properties"]) == ["days"]
    assert form["request_config"]["request_fulfillment_config"]["manual_steps_needed"]


async def test_a_preview_names_the_route_and_who_decides_first(web: Web) -> None:
    wire = await web.wire()
    head = web.system.store.head()
    result = await wire.call("submit_access_request", **WISH, custom_fields=TICKET, dry_run=True)
    preview = result["structuredContent"]["preview"]
    (route,) = preview["route"]
    assert [one["may_decide"] for one in route["stages"]] == [["Bob Example"], None]
    assert route["granted_by"] == ["administrators"]
    assert preview["auto_approval"] is None
    assert preview["effective_expires_in_seconds"] == 7 * 24 * 3600
    assert preview["policy"] == {"id": "crm", "version": 1}
    assert preview["warnings"] == [
        "Access is granted by hand, which takes as long as people take."
    ]
    assert "First to decide: Bob Example (manager)." in result["content"][0]["text"]
    assert web.system.store.head() == head


async def test_what_is_missing_is_told_as_a_schema_of_that_alone(web: Web) -> None:
    wire = await web.wire()
    without = {**WISH, "business_justification": ""}
    answer = await wire.ask("submit_access_request", **without, custom_fields=TICKET)
    assert answer["outcome"] == "needs_input"
    assert list(answer["missing_fields"]["properties"]) == ["business_justification"]
    answer = await wire.ask("submit_access_request", **WISH)
    assert answer["missing_fields"]["required"] == ["ticket"]
    assert answer["missing_fields"]["properties"]["ticket"]["title"] == "Ticket number"


async def test_an_answer_may_name_its_field_by_the_prompt(web: Web) -> None:
    wire = await web.wire()
    by_prompt = [{"prompt": "Ticket number", "response": "T-7"}]
    request = await submitted(wire, custom_fields=by_prompt)
    shown = await present(wire, request["id"], expand=["custom_fields"])
    assert shown["custom_fields"] == [
        {"id": "ticket", "prompt": "Ticket number", "response": "T-7"}
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([{"response": "T-1"}], "by its id or its prompt"),
        ([{"id": "ticket", "prompt": "Ticket number", "response": "T-1"}], "by its id or its"),
        ([*TICKET, *TICKET], "answered once"),
        ([{"id": "ticket", "response": "1"}], "answer_unfit: ticket must be"),
        ([{"id": "colour", "response": "red"}], "unknown_field: colour"),
        ([*TICKET, {"id": "days", "response": "0"}], "answer_unfit: days must be at least 1"),
    ],
)
async def test_an_answer_that_does_not_fit_is_refused_by_name(
    web: Web, fields: list[dict[str, str]], said: str
) -> None:
    wire = await web.wire()
    assert said in await wire.refused("submit_access_request", **WISH, custom_fields=fields)


async def test_who_has_to_act_next_is_told_at_every_step(web: Web) -> None:
    wire = await web.wire()
    request_id = (await submitted(wire))["id"]

    async def waits() -> tuple[str, str, list[str]]:
        shown = await present(wire, request_id)
        (one,) = shown["waiting_on"]
        return shown["status"], one["action"], [who["name"] for who in one["who"]]

    assert await waits() == ("PENDING_MANAGER_APPROVAL", "approve", ["Bob Example"])
    await approve(web, request_id, seeds.BOB)
    assert await waits() == ("PENDING_APPROVAL", "approve", ["Carol Example"])
    await approve(web, request_id, seeds.CAROL)
    assert await waits() == ("PENDING_MANUAL_PROVISIONING", "grant", ["Admin Example"])
    assert (await present(wire, request_id))["cancelable"]
    await grant(web, request_id)
    shown = await present(wire, request_id)
    assert (shown["status"], shown["waiting_on"]) == ("PROVISIONED", [])
    assert shown["expires_at"] is not None
    assert not shown["cancelable"]
    assert shown["items"] == [
        {
            "id": "crm:reader",
            "label": "Reader",
            "status": "PROVISIONED",
            "expires_at": shown["expires_at"],
        }
    ]


async def test_tasks_and_history_come_when_asked_for(web: Web) -> None:
    wire = await web.wire()
    request_id = (await submitted(wire))["id"]
    assert "history" not in await present(wire, request_id)
    await approve(web, request_id, seeds.BOB)
    await approve(web, request_id, seeds.CAROL)
    shown = await present(wire, request_id, expand=["tasks", "history"])
    (task,) = shown["tasks"]
    assert (task["action"], task["attempt"]) == ("grant", 1)
    assert [who["name"] for who in task["assigned_to"]] == ["Admin Example"]
    told = [one["event"].removeprefix("access_request.") for one in shown["history"]]
    assert told[0] == "submitted"
    assert told.count("decision_taken") == 2
    assert told[-1] == "provisioning_started"
    decided = next(one for one in shown["history"] if one["event"].endswith("decision_taken"))
    assert decided["by"]["name"] == "Bob Example"


async def test_what_policy_approves_at_once_is_told_so(web: Web) -> None:
    wire = await web.wire()
    short = {**WISH, "custom_fields": TICKET, "expiration_in_seconds": 1800}
    del short["access_length"]
    preview = (await wire.ask("submit_access_request", **short, dry_run=True))["preview"]
    assert preview["auto_approval"] == {"rule_id": "short", "policy_id": "crm", "version": 1}
    answer = await wire.ask("submit_access_request", **short)
    assert answer["outcome"] == "approved"
    assert answer["access_requests"][0]["status"] == "PENDING_MANUAL_PROVISIONING"


async def test_what_is_held_already_is_an_answer_not_a_refusal(web: Web) -> None:
    wire = await web.wire()
    first = await submitted(wire)
    for approver in (seeds.BOB, seeds.CAROL):
        await approve(web, first["id"], approver)
    await grant(web, first["id"])
    answer = await wire.ask("submit_access_request", **WISH, custom_fields=TICKET)
    assert answer["outcome"] == "already_held"
    assert answer["access_requests"][0]["id"] == first["id"]
    assert len(web.events(RequestSubmitted)) == 1


async def test_held_access_is_extended_by_a_request_that_names_it(web: Web) -> None:
    wire = await web.wire()
    first = await submitted(wire)
    for approver in (seeds.BOB, seeds.CAROL):
        await approve(web, first["id"], approver)
    await grant(web, first["id"])
    ends = (await present(wire, first["id"]))["expires_at"]
    wish = {**WISH, "custom_fields": TICKET, "extends_request_id": first["id"]}
    del wish["requestable_permission_ids"]
    wish["access_length"] = "30 days"
    answer = await wire.ask("submit_access_request", **wish)
    second = answer["access_requests"][0]
    assert second["extends_request_id"] == first["id"]
    assert [one["id"] for one in second["requestable_permissions"]] == ["crm:reader"]
    for approver in (seeds.BOB, seeds.CAROL):
        await approve(web, second["id"], approver)
    assert (await present(wire, second["id"]))["status"] == "COMPLETED"
    assert (await present(wire, first["id"]))["expires_at"] > ends


async def test_a_strangers_request_cannot_be_extended_or_probed(web: Web) -> None:
    alice, bob = await web.wire(), await web.wire("bob")
    first = await submitted(alice)
    for wanted in (first["id"], "no-such-request"):
        said = await bob.refused(
            "submit_access_request",
            app_id="wiki",
            business_justification="Because",
            extends_request_id=wanted,
        )
        assert said.startswith("not_held: ")


async def test_requests_are_shown_as_they_stood_at_a_past_time(web: Web) -> None:
    wire = await web.wire()
    before = web.system.clock()
    request_id = (await submitted(wire))["id"]
    asked = web.system.clock()
    await approve(web, request_id, seeds.BOB)

    def as_of(moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat()

    assert (await present(wire, request_id))["status"] == "PENDING_APPROVAL"
    then = await wire.ask("list_access_requests", as_of=as_of(asked), expand=["history"])
    (shown,) = then["items"]
    assert shown["status"] == "PENDING_MANAGER_APPROVAL"
    assert [who["name"] for who in shown["waiting_on"][0]["who"]] == ["Bob Example"]
    assert shown["history"][-1]["event"] == "access_request.stage_started"
    assert then["as_of"] == as_of(asked)
    earlier = await wire.ask("list_access_requests", as_of=as_of(before))
    assert (earlier["total"], earlier["items"]) == (0, [])
    assert earlier["empty_reason"] == "This person has no access requests yet."


async def test_the_future_cannot_be_looked_at(web: Web) -> None:
    wire = await web.wire()
    said = await wire.refused("list_access_requests", as_of="2999-01-01T00:00:00Z")
    assert said == "invalid_arguments: as_of lies in the future; leave it out to see the present."


async def test_a_look_back_shows_nobody_elses_requests(web: Web) -> None:
    await submitted(await web.wire())
    carol = await web.wire("carol")
    then = web.system.clock().astimezone(UTC).isoformat()
    assert (await carol.ask("list_access_requests", as_of=then))["total"] == 0


def test_every_status_is_in_exactly_one_group() -> None:
    grouped = [status for group in STATUS_GROUPS.values() for status in group]
    assert sorted(grouped) == sorted(Status)


async def test_a_manager_lists_what_his_report_may_request_and_a_stranger_does_not(
    web: Web,
) -> None:
    bob, carol = await web.wire("bob"), await web.wire("carol")
    found = await bob.ask("list_requestable_permissions", app_id="crm", target_user_id=seeds.ALICE)
    assert found["total"] == 2
    for target in (seeds.ALICE, "nobody"):
        said = await carol.refused(
            "list_requestable_permissions", app_id="crm", target_user_id=target
        )
        assert said.startswith("on_behalf_not_allowed: ")


OPTIONAL = ("get_access_request", "cancel_access_request", "comment_on_access_request")


async def test_optional_tools_show_withdraw_and_comment(system: System) -> None:
    settings = replace(system.settings, features=frozenset(OPTIONAL))
    async with web_of(replace(system, settings=settings)) as web:
        alice, carol = await web.wire(), await web.wire("carol")
        request_id = (await submitted(alice))["id"]
        said = await alice.ask(
            "comment_on_access_request", access_request_id=request_id, text="It is urgent."
        )
        assert said["access_request"]["history"][-1]["words"] == "It is urgent."
        shown = await alice.ask("get_access_request", access_request_id=request_id)
        assert shown["access_request"] == said["access_request"]
        for tool, more in zip(OPTIONAL, ({}, {}, {"text": "Hello"}), strict=True):
            text = await carol.refused(tool, access_request_id=request_id, **more)
            assert text.startswith("not_found: ")
        ended = await alice.ask(
            "cancel_access_request", access_request_id=request_id, reason="No need any more"
        )
        assert ended["access_request"]["status"] == "CANCELLED"
        assert ended["access_request"]["notes"]["CANCELLED"] == "No need any more"


async def ask_for(wire: Wire, **params: Any) -> dict[str, Any]:
    """Call submit without what policy wants to know; return the raw result."""
    response = await wire.request(
        "tools/call", {"name": "submit_access_request", "arguments": WISH, **params}
    )
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()["result"]
    return result


def answered(action: str, **content: object) -> dict[str, Any]:
    """Return what a client sends after its person has seen the form."""
    given = {"action": action, **({"content": content} if content else {})}
    return {"inputResponses": {"missing_fields": given}}


async def eliciting(web: Web) -> Wire:
    """Return a caller whose client shows forms."""
    wire = await web.wire()
    wire.capabilities = {"elicitation": {"form": {}}}
    return wire


async def test_a_client_that_shows_forms_is_asked_and_its_answer_is_taken(web: Web) -> None:
    wire = await eliciting(web)
    asked = await ask_for(wire)
    assert asked["resultType"] == "input_required"
    form = asked["inputRequests"]["missing_fields"]["params"]
    assert form["mode"] == "form"
    assert form["requestedSchema"]["required"] == ["ticket"]
    assert "pattern" not in form["requestedSchema"]["properties"]["ticket"]
    done = await ask_for(wire, **answered("accept", ticket="T-9"))
    assert done["structuredContent"]["outcome"] == "submitted"
    (event,) = web.events(RequestSubmitted)
    assert [one.response.text for one in event.answers] == ["T-9"]


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_person_who_does_not_answer_is_not_asked_again(web: Web, action: str) -> None:
    done = await ask_for(await eliciting(web), **answered(action))
    assert done["structuredContent"]["outcome"] == "needs_input"
    assert web.events(RequestSubmitted) == []


async def test_an_answer_that_does_not_fit_is_refused_as_an_argument_is(web: Web) -> None:
    wire = await eliciting(web)
    for content in ({"ticket": "nine"}, {"ticket": ["T-1"]}, {"colour": "red"}):
        done = await ask_for(wire, **answered("accept", **content))
        assert done["isError"]
    assert web.events(RequestSubmitted) == []


async def test_a_preview_never_opens_a_form(web: Web) -> None:
    wire = await eliciting(web)
    result = await wire.ask("submit_access_request", **WISH, dry_run=True)
    assert result["outcome"] == "needs_input"


@pytest.mark.parametrize("capabilities", [{}, {"elicitation": {"url": {}}}])
async def test_a_client_without_forms_gets_a_plain_structured_answer(
    web: Web, capabilities: dict[str, Any]
) -> None:
    wire = await web.wire()
    wire.capabilities = capabilities
    done = await ask_for(wire)
    assert done["structuredContent"]["outcome"] == "needs_input"


async def test_a_client_of_the_earlier_era_gets_a_plain_structured_answer(web: Web) -> None:
    done = await ask_for(await web.wire(era=LEGACY))
    assert done["structuredContent"]["outcome"] == "needs_input"
