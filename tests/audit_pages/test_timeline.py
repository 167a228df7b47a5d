"""The timeline: who did what, when and through what, and how it is found."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import httpx
import pytest

from adapters.open_store import MEMORY
from domain.access_request import Verdict
from domain.catalog import PermissionRecord, PutPermission
from domain.person import PutPerson
from domain.values import PermissionId
from server.command_bus import UnitOfWork
from tests import seeds
from tests.audit_pages.scene import CLIENT, Scene
from tests.people.test_forgetting import LEFT, forget

pytestmark = pytest.mark.anyio
once = pytest.mark.parametrize("database_url", [MEMORY])


def told(page: httpx.Response) -> list[str]:
    """Return the sentences of a page, in its order."""
    lines = re.findall(r"<li><time [^>]*>[^<]*</time>\n<p>(.*?)</p>", page.text)
    return [unescape(one) for one in lines]


def positions(page: httpx.Response) -> list[int]:
    """Return which events stand on a page."""
    return [int(one) for one in re.findall(r'<a href="/audit/events/(\d+)">event', page.text)]


@once
async def test_each_event_is_a_sentence_with_who_when_and_through_what(scene: Scene) -> None:
    request_id = await scene.asked()
    await scene.decided(request_id, seeds.BOB)
    page = await (await scene.auditor()).get("/audit")
    assert "Alice Example asked for Reader" in told(page)
    assert "Bob Example approved Reader at the stage “manager”" in told(page)
    assert positions(page) == sorted(positions(page), reverse=True)
    assert "through an AI client, “Desk &lt;b&gt;assistant&lt;/b&gt;”" in page.text
    assert f'href="/audit/requests/{request_id}"' in page.text
    assert "Quarter-end &lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert "doorward.access_request.submitted.v1" in page.text


async def test_filters_find_by_actor_client_person_app_type_and_time(scene: Scene) -> None:
    request_id = await scene.asked()
    await scene.decided(request_id, seeds.BOB)
    auditor = await scene.auditor()
    found = {
        query: told(await auditor.get(f"/audit?{query}"))
        for query in (
            "actor=bob&type=access_request.decision_taken",
            f"actor={seeds.BOB}&type=access_request.decision_taken",
            f"client={quote(CLIENT.client_id, safe='')}&type=access_request.submitted",
            f"client={quote(CLIENT.name)}&type=access_request.submitted",
            "about=carol&type=access_request.stage_started",
            "about=alice&type=access_request.submitted&app=crm",
            "app=wiki&type=access_request",
            "actor=carol",
            "type=policy",
            f"request={request_id}&type=access_request.decision_taken",
            "until=2026-01-01",
            "from=2026-01-01&type=access_request.submitted",
        )
    }
    counts = [len(one) for one in found.values()]
    assert counts == [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1]
    assert found["type=policy"] == ["An operator published version 1 of policy crm"]


@once
async def test_pages_go_back_and_forth_by_position_and_miss_nothing(scene: Scene) -> None:
    for _ in range(12):
        request_id = await scene.asked()
        await scene.decided(request_id, seeds.BOB, Verdict.DENY)
    auditor = await scene.auditor()
    head, seen, path = scene.web.system.store.head(), list[int](), "/audit"
    while path:
        page = await auditor.get(path)
        seen += positions(page)
        older = re.search(r'<a href="([^"]*)" rel="next"', page.text)
        path = unescape(older[1]) if older else ""
    assert seen == list(range(head, 0, -1))
    newer = await auditor.get("/audit?after=0")
    assert positions(newer) == list(range(len(positions(newer)), 0, -1))
    assert newer.text.count("<li><time") - newer.text.count('<details class="run">') >= 50
    assert f"before={min(positions(newer))}" in newer.text


@once
async def test_a_filter_is_followed_over_its_pages(scene: Scene) -> None:
    for _ in range(60):
        request_id = await scene.asked()
        await scene.decided(request_id, seeds.BOB, Verdict.DENY)
    auditor = await scene.auditor()
    page = await auditor.get("/audit?actor=bob&type=access_request.denied")
    older = re.search(r'<a href="([^"]*)" rel="next"', page.text)
    assert older is not None
    rest = await auditor.get(unescape(older[1]))
    assert (len(positions(page)), len(positions(rest))) == (50, 10)


async def pages_added(scene: Scene, many: int) -> None:
    """Add so many permissions at once, by numbers of one width."""
    width = len(str(many - 1))

    def put_all(work: UnitOfWork) -> None:
        for number in range(many):
            name = f"{number:0{width}}"
            record = PermissionRecord(seeds.WIKI, f"Wiki / Page {name}", "")
            work.execute(PutPermission(PermissionId(f"wiki:{name}"), record), seeds.CONTEXT)

    await scene.web.system.bus.call(put_all)
    await scene.followed()


@once
async def test_many_events_of_a_kind_at_once_are_one_line_that_opens(scene: Scene) -> None:
    await pages_added(scene, 74)
    head = scene.web.system.store.head()
    page = await (await scene.auditor()).get("/audit?type=permission.added&app=wiki")
    assert "<summary>Doorward added 74 permissions</summary>" in page.text
    assert f"events {head - 73} to {head}" in page.text
    assert positions(page) == list(range(head, head - 74, -1))
    assert "Doorward added the permission “Wiki / Page 73”" in told(page)


@once
async def test_a_run_does_not_hide_what_is_further_on(scene: Scene) -> None:
    await pages_added(scene, 700)
    auditor, seen, path = await scene.auditor(), list[int](), "/audit"
    head = scene.web.system.store.head()
    while path:
        page = await auditor.get(path)
        seen += positions(page)
        older = re.search(r'<a href="([^"]*)" rel="next"', page.text)
        path = unescape(older[1]) if older else ""
    assert seen == list(range(head, 0, -1))


@once
async def test_pictures_are_drawn_with_the_same_figures_in_a_table(scene: Scene) -> None:
    await scene.weeks(40)
    auditor = await scene.auditor()
    page = (await auditor.get("/audit")).text
    assert page.count('role="img"') == 3
    assert re.search(r'<rect class="approved"[^>]*><title>[^<]*approved</title>', page)
    assert page.count("The same in figures") == 3
    assert 'role="img"' not in (await auditor.get("/audit?app=wiki")).text
    assert 'role="img"' not in (await auditor.get("/audit?until=2020-01-01")).text


@once
async def test_one_event_shows_all_that_it_says_and_an_unknown_one_is_told(scene: Scene) -> None:
    request_id = await scene.asked()
    auditor = await scene.auditor()
    position = await scene.position(request_id)
    page = await auditor.get(f"/audit/events/{position}")
    assert "Alice Example asked for Reader" in page.text
    assert f"/audit/as-of?moment={position}" in page.text
    assert (await auditor.get("/audit/events/999999")).status_code == 404


async def test_what_a_forgotten_person_was_called_and_said_is_gone(scene: Scene) -> None:
    request_id = await scene.asked()
    await scene.web.execute(PutPerson(seeds.ALICE, LEFT))
    auditor = await scene.auditor()
    assert "Quarter-end" in (await auditor.get("/audit")).text
    forget(scene.web.system)
    await scene.followed()
    # A store in memory keeps no keys, so that its log tells what it told.
    kept = scene.web.system.settings.store_url == MEMORY
    for path in ("/audit?type=access_request", f"/audit/requests/{request_id}"):
        page = (await auditor.get(path)).text
        assert "[forgotten]" in page
        assert kept or "Quarter-end" not in page
        assert "Alice" not in page or kept


@once
async def test_the_page_says_when_it_does_not_show_the_newest_events_yet(scene: Scene) -> None:
    auditor = await scene.auditor()
    await scene.asked()
    assert "newest events are not in this list yet" in (await auditor.get("/audit")).text
    await scene.followed()
    assert "not in this list yet" not in (await auditor.get("/audit")).text


@once
async def test_times_are_looked_for_exactly(scene: Scene) -> None:
    now = scene.web.system.clock()
    for hours in (5, 4, 3, 2, 1):
        await scene.decided(
            await scene.asked(at=now - timedelta(hours=hours)),
            seeds.BOB,
            Verdict.DENY,
            now - timedelta(hours=hours),
        )
    auditor = await scene.auditor()
    since = quote(f"{now - timedelta(hours=4, minutes=1):%Y-%m-%dT%H:%M:%S}")
    until = quote(f"{now - timedelta(hours=1, minutes=30):%Y-%m-%dT%H:%M:%S}")
    page = await auditor.get(f"/audit?from={since}&until={until}&type=access_request.submitted")
    assert len(told(page)) == 3
