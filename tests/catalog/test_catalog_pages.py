"""The web catalog as a person meets it who has no AI client at hand."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest

from domain.access_request import RequestSubmitted, request_stream
from domain.catalog import AppRecord, PermissionRecord, PutApp, PutPermission
from domain.values import AppId, PermissionId, Via
from server.operations.catalog import catalog_import
from server.operations.read_models import catch_up
from server.wiring import System
from tests import seeds
from tests.inbox.visitor import Visitor
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio
CRM = "/catalog/app?id=crm"


@pytest.fixture
async def visitor(web: Web) -> Visitor:
    return await Visitor(web, "alice").sign_in("/catalog")


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    async with web_of(system) as served:
        yield served


def names(page: httpx.Response) -> list[str]:
    headings = re.findall(r"<h2><a [^>]*>(.*?)</a></h2>", page.text)
    return [re.sub(r"<.*?>", "", one) for one in headings]


async def fill(visitor: Visitor, path: str, do: str, **fields: object) -> httpx.Response:
    return await visitor.submit(path, "justification", do=do, **fields)


async def put(web: Web, *commands: object) -> None:
    for one in commands:
        await web.execute(one)
    await asyncio.to_thread(catch_up, web.system)


async def test_everything_that_one_may_request_is_listed_and_nothing_else(
    web: Web, visitor: Visitor
) -> None:
    assert names(await visitor.get("/catalog")) == ["Sales CRM", "Vault", "Wiki"]
    carol = await Visitor(web, "carol").sign_in("/catalog")
    assert names(await carol.get("/catalog")) == ["Vault", "Wiki"]
    assert names(await carol.get("/catalog?q=sales+crm")) == []


async def test_a_search_marks_what_it_met_and_says_what_it_made_of_the_words(
    visitor: Visitor,
) -> None:
    page = await visitor.get("/catalog?q=change+custmers+zebra")
    assert names(page)[0] == "Sales CRM"
    assert "<mark>Customers</mark>" in page.text
    assert "<em>custmers</em> → <strong>customers</strong>" in page.text
    assert "<em>zebra</em>" in page.text
    assert 'href="/catalog/app?id=crm&amp;pick=crm%3Awriter"' in page.text
    nothing = await visitor.get("/catalog?q=nuclear")
    assert "Nothing here is like that" in nothing.text
    assert "Nothing that you may request matches" not in nothing.text


async def test_a_category_narrows_and_an_unknown_one_does_not(visitor: Visitor) -> None:
    assert names(await visitor.get("/catalog?category=Knowledge")) == ["Wiki"]
    assert len(names(await visitor.get("/catalog?category=nothing"))) == 3


async def test_a_request_is_previewed_and_then_made_in_the_name_of_who_is_signed_in(
    web: Web, visitor: Visitor
) -> None:
    asked = {"permission": "crm:reader", "justification": "Quarter end"}
    shown = await fill(visitor, CRM, "preview", **asked)
    assert "First to decide: Bob Example" in shown.text
    assert "Nothing has been sent yet." in shown.text
    assert re.search(r'value="crm:reader" checked', shown.text)
    assert "Quarter end</textarea>" in shown.text
    assert web.events(RequestSubmitted) == []
    done = await fill(visitor, CRM, "submit", **asked)
    (event,) = web.events(RequestSubmitted)
    assert done.headers["location"] == f"/requests/{event.request_id}?done=submitted"
    assert "Your request was submitted." in (await visitor.get(done.headers["location"])).text
    assert (event.requester, event.target) == (seeds.ALICE, seeds.ALICE)
    last = web.system.store.stream(request_stream(event.request_id))[0].envelope
    assert (last.actor.via, last.actor.subject) == (Via.WEB, seeds.ALICE)
    again = await fill(visitor, CRM, "submit", **asked)
    assert again.headers["location"] == f"/requests/{event.request_id}?done=open"
    assert "You have asked for this already" in (await visitor.get(again.headers["location"])).text
    assert len(web.events(RequestSubmitted)) == 1


async def test_what_is_asked_for_is_shown_as_such_and_can_be_hidden(
    web: Web, visitor: Visitor
) -> None:
    wiki = "/catalog/app?id=wiki"
    await fill(visitor, wiki, "submit", justification="To write")
    assert "Requested" in (await visitor.get("/catalog")).text
    assert names(await visitor.get("/catalog?open=1")) == ["Sales CRM", "Vault"]
    assert names(await visitor.get("/catalog?open=1&q=wiki")) == []
    assert "Requested" in (await visitor.get(wiki)).text


async def test_what_is_missing_is_marked_and_what_was_filled_in_stays(
    web: Web, visitor: Visitor
) -> None:
    shown = await fill(visitor, CRM, "submit", permission="crm:writer", length="604800")
    assert shown.status_code == 400
    assert re.search(r'<p class="wrong" id="why-wrong">Say why, in your own words.', shown.text)
    assert re.search(r'<textarea id="why"[^>]* aria-describedby="why-wrong" autofocus', shown.text)
    assert "<title>Error: Sales CRM" in shown.text
    assert re.search(r'value="crm:writer" checked', shown.text)
    assert re.search(r'value="604800" selected', shown.text)
    assert web.events(RequestSubmitted) == []


async def test_a_policys_fields_are_asked_and_checked(system: System) -> None:
    policy = {
        "id": "asking",
        "form": {
            "properties": {
                "ticket": {"title": "Which ticket?", "pattern": "[A-Z]+-[0-9]+"},
                "site": {"title": "Which site?", "enum": ["Rome", "Oslo"]},
            },
            "required": ["ticket"],
        },
    }
    content = {
        "policies": [policy],
        "apps": [{"id": "desk", "name": "Desk", "policy": "asking"}],
        "permissions": [],
    }
    catalog_import(system, json.dumps(content).encode(), lambda _progress: None)
    async with web_of(system) as web:
        visitor, path = await Visitor(web, "alice").sign_in("/catalog"), "/catalog/app?id=desk"
        page = await visitor.get(path)
        assert "Which ticket?" in page.text
        assert "<option>Oslo</option>" in page.text
        missing = await fill(visitor, path, "submit", justification="Because")
        assert '<p class="wrong" id="f1-wrong">Please answer this.' in missing.text
        assert re.search(r'<input [^>]*id="f1"[^>]* aria-describedby="f1-wrong"', missing.text)
        wrong = {"field:ticket": "seven", "justification": "Because"}
        refused = await fill(visitor, path, "submit", **wrong)
        assert refused.status_code == 400
        assert 'value="seven"' in refused.text
        assert '<p class="wrong" id="f1-wrong">This must be ' in refused.text
        right = {"field:ticket": "OPS-7", "field:site": "Oslo", "justification": "Because"}
        assert (await fill(visitor, path, "submit", **right)).status_code == 303
        (event,) = web.events(RequestSubmitted)
        assert [one.response.text for one in event.answers] == ["OPS-7", "Oslo"]


SAFE = "/catalog/app?id=safe"
OWN_RULES = {
    "policies": [
        {
            "id": "slow",
            "approval": [{"name": "lead", "by": ["manager"]}],
            "access_lengths": ["8 hours", "30 days"],
            "default_access_length": "30 days",
        },
        {
            "id": "strict",
            "form": {"properties": {"ticket": {"title": "Which ticket?"}}, "required": ["ticket"]},
            "approval": [{"name": "keepers", "by": ["owner"]}],
            "access_lengths": ["2 hours", "4 hours"],
            "default_access_length": "2 hours",
        },
    ],
    "apps": [{"id": "safe", "name": "Safe", "policy": "slow", "owners": ["carol"]}],
    "permissions": [
        {"id": "safe:look", "app_id": "safe", "label": "Safe / Look"},
        {"id": "safe:take", "app_id": "safe", "label": "Safe / Take", "policy": "strict"},
    ],
}


@pytest.fixture
async def safe(web: Web, visitor: Visitor) -> Visitor:
    """Before an app of which one permission has rules of its own."""
    body = json.dumps(OWN_RULES).encode()
    await asyncio.to_thread(catalog_import, web.system, body, lambda _progress: None)
    await asyncio.to_thread(catch_up, web.system)
    return visitor


def offered(page: httpx.Response) -> list[str]:
    """Return the lengths that a page offers."""
    (select,) = re.findall(r'<select id="length".*?</select>', page.text)
    return re.findall(r"<option[^>]*>(.*?)</option>", select)


async def test_a_permission_with_rules_of_its_own_is_requested_by_them(
    web: Web, safe: Visitor
) -> None:
    page = await safe.get(f"{SAFE}&pick=safe:take")
    assert offered(page) == ["the usual time: 2 hours", "2 hours", "4 hours"]
    assert "keepers" in page.text
    assert "lead" not in page.text
    asked = {"permission": "safe:take", "justification": "Why not", "field:ticket": "T-1"}
    assert (await fill(safe, SAFE, "submit", length="14400", **asked)).status_code == 303
    (event,) = web.events(RequestSubmitted)
    assert event.access_seconds == 14_400


async def test_the_rules_of_what_is_ticked_are_shown_before_anything_is_sent(
    web: Web, safe: Visitor
) -> None:
    page = await safe.get(SAFE)
    assert offered(page)[0] == "the usual time"
    assert re.findall("<h3>(.*?)</h3>", page.text) == ["Take", "All else"]
    assert "(required for Take)" in page.text
    chosen = await fill(safe, SAFE, "choose", permission="safe:look", justification="Half writ")
    assert chosen.status_code == 200
    assert offered(chosen) == ["the usual time: 30 days", "8 hours", "30 days"]
    assert "Which ticket?" not in chosen.text
    assert "Half writ</textarea>" in chosen.text
    both = await fill(safe, SAFE, "choose", permission=["safe:look", "safe:take"])
    assert offered(both) == ["the usual time: 2 hours", "2 hours", "4 hours"]
    assert re.findall("<h3>(.*?)</h3>", both.text) == ["Look", "Take"]
    assert web.events(RequestSubmitted) == []


async def test_a_length_that_goes_with_another_tick_is_refused_beside_its_field(
    web: Web, safe: Visitor
) -> None:
    asked = {"permission": "safe:take", "justification": "Why not", "field:ticket": "T-1"}
    refused = await fill(safe, SAFE, "submit", length="2592000", **asked)
    assert refused.status_code == 400
    assert 'id="length-wrong">This length of access is not offered here. ' in refused.text
    assert "Choose from: 2 hours, 4 hours." in refused.text
    assert offered(refused) == ["the usual time: 2 hours", "2 hours", "4 hours"]
    assert 'value="T-1"' in refused.text
    assert web.events(RequestSubmitted) == []


async def test_an_answer_that_goes_with_another_tick_is_left_out(web: Web, safe: Visitor) -> None:
    asked = {"permission": "safe:look", "justification": "Why not", "field:ticket": "T-1"}
    assert (await fill(safe, SAFE, "submit", **asked)).status_code == 303
    (event,) = web.events(RequestSubmitted)
    assert event.answers == ()
    assert event.access_seconds == 30 * 86_400


async def test_a_browser_insists_only_on_what_is_required_whatever_is_ticked(
    safe: Visitor,
) -> None:
    page = await safe.get(f"{SAFE}&pick=safe:take")
    assert re.search(r'<textarea id="why"[^>]* required', page.text)
    assert not re.search(r'<input [^>]*id="f1"[^>]* required', page.text)
    assert "(required)" in page.text.split("Which ticket?")[1][:40]


async def test_a_manager_asks_for_his_people_and_nobody_for_strangers(web: Web) -> None:
    bob = await Visitor(web, "bob").sign_in("/catalog")
    wiki = "/catalog/app?id=wiki"
    done = await fill(bob, wiki, "submit", justification="She writes", target="alice")
    assert done.status_code == 303
    (event,) = web.events(RequestSubmitted)
    assert (event.requester, event.target) == (seeds.BOB, seeds.ALICE)
    for stranger in ("carol", "nobody"):
        refused = await fill(bob, wiki, "submit", justification="x", target=stranger)
        assert refused.status_code == 403
        assert f'value="{stranger}"' in refused.text
        assert '<p class="wrong" id="target-wrong">You may request access for' in refused.text


async def test_one_of_several_roles_is_chosen_where_only_one_may_be(visitor: Visitor) -> None:
    page = await visitor.get("/catalog/app?id=vault")
    assert page.text.count('type="radio" name="permission"') == 2


async def test_a_long_list_is_searched_and_what_is_picked_elsewhere_stays(
    web: Web, visitor: Visitor
) -> None:
    await put(
        web,
        *(
            PutPermission(
                PermissionId(f"wiki:{at}"), PermissionRecord(AppId("wiki"), f"Wiki / Desk {at:02}")
            )
            for at in range(30)
        ),
    )
    first = await visitor.get("/catalog/app?id=wiki&pick=wiki:29")
    assert first.text.count('name="permission"') == 26
    assert re.search(r'value="wiki:29" checked', first.text)
    assert "Page 1 of 2" in first.text
    found = await visitor.get("/catalog/app?id=wiki&q=desk+17")
    assert found.text.index('value="wiki:17"') < found.text.index('value="wiki:1"')


async def test_a_permission_that_is_hidden_is_neither_shown_nor_picked(
    web: Web, visitor: Visitor
) -> None:
    await put(
        web,
        PutApp(AppId("secret"), AppRecord("Zeppelin", audience="nobody")),
        PutPermission(PermissionId("secret:a"), PermissionRecord(AppId("secret"), "Zeppelin / A")),
    )
    assert (await visitor.get("/catalog/app?id=secret")).status_code == 404
    picked = await visitor.get(f"{CRM}&pick=secret:a&pick=vault:opener")
    assert "Zeppelin" not in picked.text
    assert "vault:opener" not in picked.text
    refused = await fill(visitor, CRM, "submit", permission="secret:a", justification="x")
    assert refused.status_code in (400, 404)
    assert "Zeppelin" not in refused.text


@pytest.mark.parametrize(
    "path",
    [
        "/catalog?q=%00&category=%00&page=0",
        "/catalog?q=%F0%9F%98%80%22%27%3C&page=99999999",
        f"/catalog?q={'a' * 5000}",
        "/catalog?page=7&q=wiki",
        "/catalog/app",
        "/catalog/app?id=%00",
        "/catalog/app?id=crm&q=%00%22*&page=400",
        f"/catalog/app?id={quote('<script>', safe='')}",
        "/catalog/app?id=crm&pick=%00&pick=%3Cscript%3E",
    ],
)
async def test_no_query_breaks_a_page(visitor: Visitor, path: str) -> None:
    page = await visitor.get(path)
    assert page.status_code in (200, 404)
    assert "<script>" not in page.text


@pytest.mark.parametrize("length", ["-1", "0", "9" * 30, "abc", "\u0663"])
async def test_a_length_that_is_not_offered_is_refused(
    web: Web, visitor: Visitor, length: str
) -> None:
    asked = {"permission": "crm:reader", "justification": "x", "length": length}
    refused = await fill(visitor, CRM, "submit", **asked)
    assert refused.status_code == 400
    assert web.events(RequestSubmitted) == []


async def test_a_form_is_good_for_its_own_app_and_its_own_browser_alone(
    web: Web, visitor: Visitor
) -> None:
    crm = await visitor.get(CRM)
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', crm.text)
    assert token
    stolen = {"csrf": token[1], "do": "submit", "justification": "x"}
    for path, fields in (
        ("/catalog/app?id=wiki", stolen),
        ("/catalog/app?id=wiki", {"do": "submit", "justification": "x"}),
    ):
        answer = await visitor.http.post(f"{web.issuer}{path}", data=fields)
        assert answer.status_code == 403
        assert f'<a href="{path}" rel="noreferrer">Open it again</a>' in answer.text
    foreign = await visitor.http.post(
        f"{web.issuer}/catalog/app?id=crm", data=stolen, headers={"origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    assert web.events(RequestSubmitted) == []


async def test_what_the_catalog_says_is_shown_as_text(web: Web, visitor: Visitor) -> None:
    record = AppRecord("<b>Bold</b>", "<script>alert(1)</script> wiki", instructions="<i>x</i>")
    await put(web, PutApp(AppId("bold"), record))
    for path in ("/catalog", "/catalog?q=alert+bold", "/catalog/app?id=bold"):
        page = await visitor.get(path)
        assert "<b>Bold" not in page.text
        assert "<script>alert" not in page.text
