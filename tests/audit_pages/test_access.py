"""Who may see the auditors' pages, and what they answer to whatever is written in their address."""

from __future__ import annotations

from html import unescape
from urllib.parse import quote

import pytest

from adapters.open_store import MEMORY
from tests.audit_pages.scene import Scene
from tests.inbox.visitor import Visitor

pytestmark = pytest.mark.anyio
once = pytest.mark.parametrize("database_url", [MEMORY])
UNKNOWN = "/no/such/page"
LONG = "x" * 5_000
BEYOND = "9" * 40
HOSTILE = (
    *(f"/audit?{name}={quote(LONG)}" for name in ("actor", "client", "about", "app", "type")),
    *(f"/audit?{name}=%00%ff%ED%A0%80" for name in ("actor", "client", "about", "app", "type")),
    *(f"/audit?{name}={BEYOND}" for name in ("before", "after", "request", "from", "until")),
    "/audit?before=-1&after=%00",
    "/audit?before=999999999999999999&after=999999999999999999",
    "/audit?from=9999-12-31&until=9999-12-31",
    "/audit?from=0001-01-01&until=0001-01-01T00:00%2B14:00",
    "/audit?from=2027-02-30",
    "/audit?from=NaN&until=2027-01-01T25:00",
    "/audit?type=access_request.%27%3B--",
    "/audit?type=&actor=&before=",
    f"/audit/events/{BEYOND}",
    "/audit/events/999999999999999999",
    "/audit/events/-1",
    "/audit/events/%00",
    "/audit/events/0",
    f"/audit/requests/{LONG}",
    "/audit/requests/%00%ff",
    "/audit/requests/nobody's",
    "/audit/requests/..%2F..%2Fetc",
    "/audit/as-of?position=-1",
    f"/audit/as-of?position={BEYOND}",
    "/audit/as-of?position=999999999999999999",
    f"/audit/as-of?moment={BEYOND}",
    "/audit/as-of?moment=999999999999999999",
    f"/audit/as-of?at={LONG}",
    "/audit/as-of?at=0001-01-01",
    "/audit/as-of?at=9999-12-31T23:59:59-14:00",
    "/audit/as-of?at=%00",
    "/audit/as-of?what=%00&person=%00&app=%ff",
    "/audit/as-of?what=holdings&person=nobody",
    f"/audit/as-of?what=requests&person={LONG}&app={LONG}",
    "/audit/as-of?moment=2027-99-99&form=json",
    "/audit/export",
    "/audit/export?format=parquet",
    f"/audit/export?format=csv&type={LONG}",
    "/audit/export?format=csv&from=tomorrow",
    "/audit/export?format=jsonl&actor=%00&about=nobody&request=%00",
    "/audit?" + "&".join(f"a{number}=1" for number in range(500)),
)


@once
async def test_hostile_addresses_get_a_clear_page(scene: Scene) -> None:
    await scene.asked()
    auditor = await scene.auditor()
    for path in HOSTILE:
        answer = await auditor.get(path)
        assert answer.status_code in (200, 400, 404), (path, answer.status_code)
        assert len(answer.text) < 500_000
        assert "Traceback" not in answer.text


@once
async def test_what_cannot_be_meant_is_told_in_a_sentence(scene: Scene) -> None:
    auditor = await scene.auditor()
    for path, words in (
        ("/audit?from=2027-02-30", "“2027-02-30” is no date or time"),
        ("/audit?type=coffee", "There is no type of event called “coffee”"),
        ("/audit?about=nobody", "Nobody is known as “nobody”"),
        (f"/audit?actor={LONG}", "What stands under “actor” is too long"),
        ("/audit?actor=nobody", "Nothing like that has happened"),
        ("/audit/events/0", "There is no such event"),
        ("/audit/requests/none", "There is no such request"),
        ("/audit/as-of?at=soon", "“soon” is no date or time"),
        ("/audit/as-of?moment=99999", "There is no position 99999"),
        ("/audit/as-of?person=nobody", "Nobody was known then as “nobody”"),
        ("/audit/export?format=docx", "Say which format"),
    ):
        assert words in unescape((await auditor.get(path)).text), path


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_the_other_database_takes_hostile_addresses_as_well(scene: Scene) -> None:
    await scene.asked()
    auditor = await scene.auditor()
    answers = {path: (await auditor.get(path)).status_code for path in HOSTILE}
    assert set(answers.values()) <= {200, 400, 404}, answers


@once
async def test_for_others_there_are_no_such_pages(scene: Scene) -> None:
    request_id = await scene.asked()
    await scene.followed()
    for name in ("alice", "bob"):
        visitor = await Visitor(scene.web, name).sign_in("/inbox")
        nothing = await visitor.get(UNKNOWN)
        assert nothing.status_code == 404
        for path in (
            "/audit",
            "/audit/events/1",
            f"/audit/requests/{request_id}",
            "/audit/as-of",
            "/audit/as-of?form=json",
            "/audit/export?format=jsonl",
            "/audit/verify",
        ):
            answer = await visitor.get(path)
            assert (answer.status_code, answer.content) == (404, nothing.content)
            assert answer.headers["content-type"] == nothing.headers["content-type"]
        form = {"csrf": "x"}
        posted = await visitor.http.post(visitor.address("/audit/verify"), data=form)
        assert (posted.status_code, posted.content) == (404, nothing.content)
        assert 'href="/audit"' not in (await visitor.get("/inbox")).text


@once
async def test_auditors_and_administrators_find_a_link_and_get_in(scene: Scene) -> None:
    for name in ("robot", "admin"):
        visitor = await Visitor(scene.web, name).sign_in("/inbox")
        assert '<a href="/audit"' in (await visitor.get("/inbox")).text
        page = await visitor.get("/audit")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy


@once
async def test_a_sign_in_leads_back_to_what_was_asked_for(scene: Scene) -> None:
    visitor = Visitor(scene.web, "robot")
    path = "/audit?actor=bob&type=access_request"
    await visitor.sign_in(path)
    assert "What happened" in (await visitor.get(path)).text
    stranger = Visitor(scene.web, "robot")
    for odd in ("/audit?actor=%3Cscript%3E&x=" + "y" * 3_000, "/audit/requests/a;b"):
        page = await stranger.get(odd)
        assert "Sign in" in page.text
        assert "<script>" not in page.text
