"""The web inbox: who sees what, who may do what, and what a form does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.access_request import (
    ApproversChanged,
    CommentAdded,
    DecisionTaken,
    Provisioned,
    RequestCancelled,
    RequestSubmitted,
    SubmitRequest,
)
from domain.policy import Evidence
from domain.review import ReviewCompleted
from domain.values import Actor, PermissionId, RequestId, Via
from server.command_bus import CommandContext
from server.wiring import System
from tests import seeds
from tests.inbox.visitor import Visitor
from tests.two_stages import ADMIN, prepare
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    prepare(system)
    async with web_of(system) as served:
        yield served


async def asked(web: Web, *permissions: PermissionId, why: str = "Quarter-end report") -> str:
    """Let alice ask for permissions of the CRM; return the path of her request's page."""
    request_id = RequestId(web.system.new_id())
    command = SubmitRequest(
        request_id=request_id,
        requester=seeds.ALICE,
        target=seeds.ALICE,
        app_id=seeds.CRM,
        permission_ids=permissions or (seeds.READER,),
        justification=why,
        now=web.system.clock(),
        access_seconds=7 * 86_400,
        length_given=True,
        answers=(("ticket", "T-1"),),
    )
    context = CommandContext(Actor(Via.MCP, seeds.ALICE), web.system.clock(), web.system.new_id())
    await web.system.bus.execute(command, context)
    return f"/requests/{request_id}"


async def visitor(web: Web, username: str, path: str = "/inbox") -> Visitor:
    return await Visitor(web, username).sign_in(path)


async def test_what_waits_for_somebody_is_in_his_inbox_and_goes_when_it_is_done(web: Web) -> None:
    path = await asked(web)
    bob, carol = await visitor(web, "bob"), await visitor(web, "carol")
    assert "Waits for you (1)" in (await bob.get("/inbox")).text
    assert path in (await bob.get("/inbox")).text
    assert "Nothing waits for you" in (await carol.get("/inbox")).text
    await bob.done(path, "approve")
    assert "Nothing waits for you" in (await bob.get("/inbox")).text
    assert path in (await carol.get("/inbox")).text


async def test_a_decision_on_the_web_is_recorded_with_its_evidence(web: Web) -> None:
    path = await asked(web)
    bob = await visitor(web, "bob", path)
    await bob.done(path, "approve", reason="Go ahead")
    (taken,) = web.events(DecisionTaken)
    assert (taken.decided_by, taken.submitted_by) == (seeds.BOB, None)
    assert taken.evidence is Evidence.SESSION
    assert taken.reason.text == "Go ahead"
    assert taken.access_seconds is None


async def test_an_approver_grants_less_than_was_asked(web: Web) -> None:
    path = await asked(web, seeds.READER, seeds.WRITER)
    bob = await visitor(web, "bob")
    await bob.done(
        path,
        "approve",
        item=[seeds.READER],
        deny_rest="1",
        access_seconds="86400",
        reason="Reading will do",
    )
    approved, denied = sorted(web.events(DecisionTaken), key=lambda one: one.verdict)
    assert (approved.items, approved.access_seconds) == ((seeds.READER,), 86_400)
    assert denied.items == (seeds.WRITER,)


async def test_a_denial_needs_a_reason_and_is_shown_with_it(web: Web) -> None:
    path = await asked(web)
    bob, alice = await visitor(web, "bob"), await visitor(web, "alice")
    refused = await bob.press(path, "deny")
    assert refused.status_code == 400
    assert '<p class="wrong" id="decide-reason-wrong">Give a reason.</p>' in refused.text
    assert 'aria-describedby="decide-reason-wrong" autofocus' in refused.text
    assert "<title>Error: " in refused.text
    assert web.events(DecisionTaken) == []
    await bob.done(path, "deny", reason="Not in this quarter")
    page = (await alice.get(path)).text
    assert "Not in this quarter" in page
    assert "Manager denied" in page


async def test_a_form_that_is_refused_comes_back_as_it_was_filled_in(web: Web) -> None:
    path = await asked(web, seeds.READER, seeds.WRITER)
    bob = await visitor(web, "bob")
    filled = {"item": [seeds.READER], "deny_rest": "1", "access_seconds": "86400"}
    refused = await bob.press(path, "deny", **filled)
    assert refused.status_code == 400
    assert re.search(r'value="crm:reader" checked', refused.text)
    assert not re.search(r'value="crm:writer" checked', refused.text)
    assert 'name="deny_rest" value="1" checked' in refused.text
    assert '<option value="86400" selected>' in refused.text
    nothing = await bob.press(path, "approve", item=[], reason="Kept")
    assert 'id="decide-items-wrong">Tick at least one.' in nothing.text
    assert "Kept</textarea>" in nothing.text
    # What comes back is the page itself: the same form, mended, does its work.
    again = await bob.press(path, "approve", nothing, item=[seeds.READER])
    assert again.headers["location"] == f"{path}?done=some"


@pytest.mark.parametrize(
    ("action", "said"), [("approve", "You approved the request."), ("deny", "You denied the")]
)
async def test_who_has_done_something_is_told_what(web: Web, action: str, said: str) -> None:
    path = await asked(web)
    bob = await visitor(web, "bob")
    answer = await bob.press(path, action, reason="Quite so")
    assert said in (await bob.get(answer.headers["location"])).text
    assert said not in (await bob.get(path)).text
    assert "Done" not in (await bob.get(f"{path}?done=%3Cb%3E")).text


async def test_the_button_that_grants_nothing_comes_first(web: Web) -> None:
    path = await asked(web)
    page = (await (await visitor(web, "bob")).get(path)).text
    assert page.index('value="deny"') < page.index('value="approve"')


async def test_an_approver_is_told_that_he_may_shorten_access(web: Web) -> None:
    path = await asked(web)
    page = (await (await visitor(web, "bob")).get(path)).text
    assert "(as asked, or any shorter time)" in page


async def test_nobody_decides_on_his_own_request(web: Web) -> None:
    path = await asked(web)
    alice, bob = await visitor(web, "alice"), await visitor(web, "bob")
    assert "Your decision" not in (await alice.get(path)).text
    page = await bob.get(path)
    mine = (await alice.get(path)).text
    csrf = mine.split('name="csrf" value="')[1].split('"')[0]
    forged = {"csrf": csrf, "action": "approve", "decision_id": "mine"}
    assert page.status_code == 200
    answer = await alice.http.post(f"{web.issuer}{path}", data=forged)
    assert answer.status_code == 403
    assert web.events(DecisionTaken) == []


async def test_a_form_sent_twice_counts_once(web: Web) -> None:
    path = await asked(web)
    bob = await visitor(web, "bob")
    page = await bob.get(path)
    for _ in range(2):
        answer = await bob.press(path, "approve", page)
        assert answer.status_code == 303
    assert len(web.events(DecisionTaken)) == 1


async def test_a_decision_on_what_has_changed_meanwhile_is_told_so(web: Web) -> None:
    path = await asked(web)
    bob, alice = await visitor(web, "bob"), await visitor(web, "alice")
    page = await bob.get(path)
    await alice.done(path, "comment", text="I need it for one day only")
    answer = await bob.press(path, "approve", page)
    assert answer.status_code == 409
    assert "It has changed since you opened this page" in answer.text
    assert "I need it for one day only" in answer.text
    assert web.events(DecisionTaken) == []


async def test_for_people_without_a_part_there_is_no_such_page(web: Web) -> None:
    path = await asked(web)
    carol = await visitor(web, "carol")
    there, nowhere = await carol.get(path), await carol.get("/requests/no-such-request")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.text == nowhere.text
    answer = await carol.http.post(f"{web.issuer}{path}", data={"action": "approve"})
    assert answer.status_code in (403, 404)


@pytest.mark.parametrize("request_id", ["%00", "a%00b", "%F0%9F%98%80", "x" * 3000, "a b"])
async def test_no_id_breaks_the_page(web: Web, request_id: str) -> None:
    carol = await visitor(web, "carol")
    assert (await carol.get(f"/requests/{request_id}")).status_code in (404, 307)


async def test_who_was_asked_once_sees_what_has_become_of_it(web: Web) -> None:
    path = await asked(web)
    bob, carol = await visitor(web, "bob"), await visitor(web, "carol")
    await bob.done(path, "approve")
    await carol.done(path, "deny", reason="No")
    assert "Denied" in (await bob.get(path)).text


async def test_opening_a_page_changes_nothing(web: Web) -> None:
    path = await asked(web)
    bob = await visitor(web, "bob")
    head = web.system.store.head()
    for opened in (path, f"{path}?action=approve&done=1", "/inbox", "/access", "/emergency"):
        assert (await bob.get(opened)).status_code == 200
    assert (await bob.http.get(f"{web.issuer}{path}", params={"action": "approve"})).is_success
    assert web.system.store.head() == head


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({"origin": "https://evil.example"}, {}),
        ({"sec-fetch-site": "cross-site"}, {}),
        ({}, {"csrf": "0" * 64}),
        ({}, {"action": ["approve", "deny"]}),
        ({}, {"action": "everything"}),
    ],
)
async def test_a_forged_form_does_nothing(
    web: Web, headers: dict[str, str], fields: dict[str, Any]
) -> None:
    path = await asked(web)
    bob = await visitor(web, "bob")
    bob.http.headers.update(headers)
    answer = await bob.press(path, "approve", **fields)
    assert answer.status_code == 403
    assert web.events(DecisionTaken) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"access_seconds": "99999999"},
        {"access_seconds": "-1"},
        {"access_seconds": "many"},
        {"access_seconds": "9" * 40},
        {"version": "one"},
        {"decision_id": "a b"},
        {"decision_id": ""},
        {"reason": "x" * 5000},
        {"item": ["vault:opener"], "ticks": "1"},
        {"item": [], "ticks": "1"},
    ],
)
async def test_a_form_with_what_no_page_offers_is_refused_in_words(
    web: Web, fields: dict[str, Any]
) -> None:
    path = await asked(web)
    bob = await visitor(web, "bob")
    answer = await bob.press(path, "approve", **fields)
    assert 400 <= answer.status_code < 500
    assert "That was not done" in answer.text
    assert web.events(DecisionTaken) == []


async def test_what_people_write_is_shown_as_text(web: Web) -> None:
    path = await asked(web, why="<script>alert(1)</script>")
    bob = await visitor(web, "bob")
    for page in (await bob.get(path), await bob.get("/inbox")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_work_by_hand_is_done_on_the_page(web: Web) -> None:
    path = await asked(web)
    for name in ("bob", "carol"):
        await (await visitor(web, name)).done(path, "approve")
    admin = await visitor(web, "admin")
    assert "grant by hand" in (await admin.get("/inbox")).text
    await admin.done(path, "report", result="done")
    (granted,) = web.events(Provisioned)
    assert granted.reported_by == ADMIN
    alice = await visitor(web, "alice")
    page = (await alice.get("/access")).text
    assert "What you hold" in page
    assert path in page
    await alice.done(path, "revoke", reason="Done with it")
    assert "remove by hand" in (await admin.get("/inbox")).text
    await admin.done(path, "report", result="done")
    assert "Reverted" in (await alice.get(path)).text


async def test_a_request_is_commented_on_handed_over_and_withdrawn(web: Web) -> None:
    path = await asked(web)
    bob, alice = await visitor(web, "bob"), await visitor(web, "alice")
    await bob.done(path, "comment", text="For how long?")
    await bob.done(path, "reassign", approvers="carol", reason="I am away")
    assert [one.approvers for one in web.events(ApproversChanged)] == [(seeds.CAROL,)]
    unknown = await (await visitor(web, "admin")).press(path, "reassign", approvers="nobody")
    assert unknown.status_code == 404
    assert 'id="approvers-wrong">There is nobody of this name' in unknown.text
    assert 'value="nobody"' in unknown.text
    await alice.done(path, "cancel", reason="No need")
    assert len(web.events(RequestCancelled)) == 1
    assert len(web.events(CommentAdded)) == 1


async def test_glass_is_broken_on_the_web_alone_and_reviewed_afterwards(web: Web) -> None:
    alice, bob = await visitor(web, "alice", "/emergency"), await visitor(web, "bob")
    assert "Policy offers you nothing" in (await bob.get("/emergency")).text
    page = (await alice.get("/emergency")).text
    assert "for at most 2 hours" in page
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    form = {
        "csrf": csrf,
        "item": f"{seeds.CRM} {seeds.READER}",
        "justification": "The CRM is down",
        "field:ticket": "T-9",
    }
    half = await alice.http.post(f"{web.issuer}/emergency", data={**form, "field:ticket": ""})
    assert half.status_code == 400
    assert re.search(r"<details open>.*Reader", half.text)
    assert re.search(r'aria-describedby="f1-\d+-wrong" autofocus', half.text)
    assert "The CRM is down</textarea>" in half.text
    taken = await alice.http.post(f"{web.issuer}/emergency", data=form)
    assert taken.status_code == 303, taken.text
    (submitted,) = web.events(RequestSubmitted)
    assert submitted.emergency
    told = (await alice.get(taken.headers["location"])).text
    assert "You took the access at once." in told
    path = taken.headers["location"].partition("?")[0]
    admin = await visitor(web, "admin")
    assert "review the emergency" in (await admin.get("/inbox")).text
    await admin.done(path, "review", judgement="objected", reason="Nothing was down")
    assert len(web.events(ReviewCompleted)) == 1
    refused = await bob.http.post(f"{web.issuer}/emergency", data=form)
    assert refused.status_code == 403


async def test_all_requests_are_for_those_who_oversee_them(web: Web) -> None:
    path = await asked(web)
    alice, auditor = await visitor(web, "alice"), await visitor(web, "robot")
    assert (await alice.get("/admin/requests")).status_code == 403
    assert path in (await auditor.get("/admin/requests")).text
    for query, shown in (
        ("person=alice", True),
        ("person=carol", False),
        ("person=nobody", False),
        ("status=PENDING_MANAGER_APPROVAL&app=crm", True),
        ("status=DENIED", False),
        ("status=nonsense", True),
        ("person=a%00lice&page=0", True),
        ("page=99999999999", True),
    ):
        page = await auditor.get(f"/admin/requests?{query}")
        assert (path in page.text) is shown, query
    assert "Your decision" not in (await auditor.get(path)).text
    assert (await auditor.get(path)).status_code == 200


async def test_a_stream_is_for_those_who_are_signed_in(web: Web) -> None:
    assert (await web.http.get(f"{web.issuer}/inbox/events")).status_code == 401
    path = await asked(web)
    carol = await visitor(web, "carol")
    for request_id in (path.removeprefix("/requests/"), "none", "%00"):
        answer = await carol.get(f"/inbox/events?request={request_id}")
        assert answer.status_code == 404
    script = await web.http.get(f"{web.issuer}/assets/live.js")
    assert script.headers["content-type"].startswith("text/javascript")
