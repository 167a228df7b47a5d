"""Given a history, when a tool is called, then these events and this answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from domain.access_request import RequestCancelled, RequestSubmitted
from domain.catalog import AppRecord, PutApp
from domain.envelope import Recorded
from domain.person import PutPerson
from domain.policy import DEFAULT, HOUR, PublishPolicy
from domain.values import AppId, Via
from server.wiring import System
from tests import seeds
from tests.mcp.wire import LEGACY, MODERN
from tests.web import Web

pytestmark = pytest.mark.anyio
SUBMIT = {
    "app_id": "crm",
    "requestable_permission_ids": ["crm:reader"],
    "business_justification": "Quarter-end report",
}
SHORT = replace(
    DEFAULT,
    policy_id="short",
    access_lengths=(2 * HOUR, 5 * HOUR),
    default_access_length=2 * HOUR,
)


def requests_in(system: System) -> list[Recorded]:
    """Return the access-request events of the log."""
    kinds = (RequestSubmitted, RequestCancelled)
    log = system.store.events_after(0, 10_000)
    return [one for one in log if isinstance(one.envelope.event, kinds)]


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_submission_becomes_one_event_that_names_person_client_and_consent(
    web: Web, era: str
) -> None:
    wire = await web.wire(era=era)
    answer = await wire.ask("submit_access_request", **SUBMIT)
    (recorded,) = requests_in(web.system)
    event, actor = recorded.envelope.event, recorded.envelope.actor
    assert isinstance(event, RequestSubmitted)
    assert answer["outcome"] == "submitted"
    assert answer["access_requests"][0]["id"] == event.request_id
    assert (event.requester, event.target) == (seeds.ALICE, seeds.ALICE)
    assert event.justification is not None
    assert event.justification.text == "Quarter-end report"
    assert (actor.via, actor.subject) == (Via.MCP, seeds.ALICE)
    assert actor.client is not None
    assert actor.client.name == "Test client"
    assert actor.authorization == answer["access_requests"][0]["submitted_via"]["consent_id"]


async def test_submit_then_list_shows_the_request_at_once_every_time(web: Web) -> None:
    wire = await web.wire()
    for permission in ("crm:reader", "crm:writer"):
        done = await wire.ask(
            "submit_access_request", **{**SUBMIT, "requestable_permission_ids": [permission]}
        )
        listed = await wire.ask("list_access_requests")
        assert listed["items"][0] == done["access_requests"][0]


async def test_the_fields_of_a_request_are_those_of_lumos(web: Web) -> None:
    wire = await web.wire()
    await wire.ask("submit_access_request", **SUBMIT, access_length="7 days")
    (item,) = (await wire.ask("list_access_requests"))["items"]
    assert item["status"] == "PENDING_MANAGER_APPROVAL"
    assert item["app_name"] == "Sales CRM"
    assert item["requester_user"]["email"] == "alice@example.com"
    assert item["target_user"]["id"] == "p-alice"
    assert item["expiration_in_seconds"] == 7 * 24 * 3600
    assert item["requestable_permissions"] == [{"id": "crm:reader", "label": "Sales CRM / Reader"}]
    assert item["notes"] == {"PENDING": "Quarter-end report"}
    assert item["cancelable"] is True


async def test_two_hundred_equal_submissions_at_once_leave_one_open_request(web: Web) -> None:
    wire = await web.wire()
    answers = await asyncio.gather(
        *(wire.ask("submit_access_request", **SUBMIT) for _ in range(200))
    )
    assert len(requests_in(web.system)) == 1
    assert [one["outcome"] for one in answers].count("submitted") == 1
    assert len({one["access_requests"][0]["id"] for one in answers}) == 1


async def test_an_equal_request_that_is_open_is_returned_not_doubled(web: Web) -> None:
    wire = await web.wire()
    first = await wire.ask("submit_access_request", **SUBMIT)
    again = await wire.ask(
        "submit_access_request", **{**SUBMIT, "business_justification": "Please"}
    )
    assert again["outcome"] == "duplicate_pending"
    assert again["access_requests"] == first["access_requests"]
    assert len(requests_in(web.system)) == 1


async def test_the_same_key_and_body_replay_and_another_body_is_refused(web: Web) -> None:
    wire = await web.wire()
    first = await wire.ask("submit_access_request", **SUBMIT, idempotency_key="k")
    again = await wire.ask("submit_access_request", **SUBMIT, idempotency_key="k")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["access_requests"] == first["access_requests"]
    other = {**SUBMIT, "requestable_permission_ids": ["crm:writer"]}
    refusal = await wire.refused("submit_access_request", **other, idempotency_key="k")
    assert refusal.startswith("idempotency_key_reused:")
    assert len(requests_in(web.system)) == 1


async def test_a_key_is_one_persons_own(web: Web) -> None:
    wiki = {"app_id": "wiki", "business_justification": "To write"}
    for name in ("alice", "bob"):
        wire = await web.wire(name)
        answer = await wire.ask("submit_access_request", **wiki, idempotency_key="k")
        assert answer["outcome"] == "submitted"


async def test_a_dry_run_tells_what_would_happen_and_appends_nothing(web: Web) -> None:
    wire = await web.wire()
    head = web.system.store.head()
    answer = await wire.ask("submit_access_request", **SUBMIT, dry_run=True, idempotency_key="k")
    assert answer["outcome"] == "would_submit"
    assert answer["preview"]["effective_expires_in_seconds"] == 30 * 24 * 3600
    assert answer["access_requests"] == []
    assert web.system.store.head() == head
    real = await wire.ask("submit_access_request", **SUBMIT, idempotency_key="k")
    assert real["outcome"] == "submitted"


async def test_a_missing_justification_is_asked_for_not_refused(web: Web) -> None:
    wire = await web.wire()
    answer = await wire.ask("submit_access_request", app_id="wiki")
    assert answer["outcome"] == "needs_input"
    assert answer["missing_fields"]["required"] == ["business_justification"]
    assert requests_in(web.system) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"app_id": "nowhere"}, "unknown_app"),
        ({"requestable_permission_ids": ["crm:none"]}, "unknown_permission"),
        ({"requestable_permission_ids": ["vault:opener"]}, "permission_of_other_app"),
        ({"requestable_permission_ids": ["crm:reader"] * 2}, "repeated_permission"),
        (
            {"app_id": "vault", "requestable_permission_ids": ["vault:opener", "vault:keeper"]},
            "one_permission_only",
        ),
        ({"target_user_id": "p-carol"}, "on_behalf_not_allowed"),
        ({"target_user_id": "p-nobody"}, "on_behalf_not_allowed"),
        ({"expiration_in_seconds": 90 * 24 * 3600 + 1}, "duration_not_offered"),
        ({"starts_at": "2001-01-01T00:00:00Z"}, "start_in_the_past"),
        ({"custom_fields": [{"id": "x", "response": "y"}]}, "unknown_field"),
    ],
)
async def test_what_the_rules_refuse_is_a_tool_error_with_a_stable_code(
    web: Web, changes: dict[str, object], code: str
) -> None:
    wire = await web.wire()
    assert (await wire.refused("submit_access_request", **{**SUBMIT, **changes})).startswith(code)
    assert requests_in(web.system) == []


@pytest.mark.parametrize(
    "length",
    [
        {"access_length": "90 days"},
        {"access_length": "Unlimited"},
        {"access_length": "45 days"},
        {"access_length": "until the work is done"},
        {"access_length": ""},
        {"expiration_in_seconds": 40 * 24 * 3600},
    ],
)
async def test_who_asks_for_a_wrong_length_is_told_at_once_those_that_the_policy_offers(
    web: Web, length: dict[str, object]
) -> None:
    await web.execute(PublishPolicy(SHORT))
    await web.execute(PutApp(AppId("ops"), AppRecord("Operations", "", policy="short")))
    wire = await web.wire()
    wish = {"app_id": "ops", "business_justification": "A deployment"}
    said = await wire.refused("submit_access_request", **wish, **length)
    assert said == (
        "duration_not_offered: This length of access is not offered here; choose one of: 2 hours, 5 hours."
    )
    assert requests_in(web.system) == []
    done = await wire.ask("submit_access_request", **wish, access_length="5 hours")
    assert done["access_requests"][0]["expiration_in_seconds"] == 5 * HOUR


async def test_a_manager_may_ask_for_his_report_and_both_see_it(web: Web) -> None:
    bob, alice = await web.wire("bob"), await web.wire("alice")
    done = await bob.ask("submit_access_request", **SUBMIT, target_user_id="p-alice")
    for wire in (bob, alice):
        (item,) = (await wire.ask("list_access_requests"))["items"]
        assert item["id"] == done["access_requests"][0]["id"]
    assert (await alice.ask("list_access_requests", role="requester"))["items"] == []


async def test_nobody_sees_or_finds_a_strangers_request(web: Web) -> None:
    alice, carol = await web.wire("alice"), await web.wire("carol")
    done = await alice.ask("submit_access_request", **SUBMIT)
    request_id = done["access_requests"][0]["id"]
    assert (await carol.ask("list_access_requests"))["total"] == 0
    looked = await carol.ask("list_access_requests", access_request_id=request_id)
    assert looked["items"] == []
    assert looked["empty_reason"]


async def test_a_catalog_entry_for_others_looks_like_none_at_all(web: Web) -> None:
    carol = await web.wire("carol")
    assert (await carol.ask("search_apps", name_search="crm"))["items"] == []
    assert (await carol.ask("search_requestable_permissions", search_term="crm"))["items"] == []
    absent = await carol.refused("list_requestable_permissions", app_id="no-such")
    hidden = await carol.refused("list_requestable_permissions", app_id="crm")
    assert absent.replace("no-such", "crm") == hidden
    stolen = {**SUBMIT, "app_id": "vault", "requestable_permission_ids": ["crm:reader"]}
    assert (await carol.refused("submit_access_request", **stolen)).startswith(
        "unknown_permission"
    )


@pytest.mark.parametrize(
    "text", ["%", "_", "' OR 1=1 --", '"', "*", "NEAR(", "\\", "ünïcode", "\0x"]
)
async def test_no_text_makes_the_search_fail(web: Web, text: str) -> None:
    wire = await web.wire()
    for exact in (True, False):
        await wire.ask("search_apps", name_search=text, exact_match=exact, category=text)
        await wire.ask("search_requestable_permissions", search_term=text, exact_match=exact)


async def test_requests_can_be_narrowed_by_status_app_and_time(web: Web) -> None:
    wire = await web.wire()
    await wire.ask("submit_access_request", **SUBMIT)
    await wire.ask("submit_access_request", app_id="wiki", business_justification="To write")

    async def count(**narrowed: object) -> int:
        total: int = (await wire.ask("list_access_requests", **narrowed))["total"]
        return total

    assert await count() == 2
    assert await count(app_id="crm") == 1
    assert await count(status_group="pending") == 2
    assert await count(status_group="closed") == 0
    assert await count(statuses=["PENDING"], status_group="closed") == 0
    assert await count(updated_since="2001-01-01T00:00:00Z") == 2
    assert await count(updated_since="2099-01-01T00:00:00Z") == 0
    first = await wire.ask("list_access_requests", sort="ASC", size=1)
    assert (first["pages"], first["items"][0]["app_id"]) == (2, "crm")
    beyond = await wire.ask("list_access_requests", page=9)
    assert "only 1 page" in beyond["empty_reason"]


async def test_a_disabled_persons_token_dies_on_the_next_call(web: Web) -> None:
    wire = await web.wire()
    gone = seeds.person(seeds.ALICE, groups=("sales",), disabled=True)
    await web.system.bus.execute(PutPerson(seeds.ALICE, gone), seeds.CONTEXT)
    assert (await wire.request("tools/list")).status_code == 401
