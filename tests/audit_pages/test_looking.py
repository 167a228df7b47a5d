"""A request's story, what was so at a moment, the export and the verification, as an auditor sees them."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import pytest

from adapters.open_store import MEMORY
from domain.values import Actor, Client, ClientId, ConsentId, Via
from server.audit.export.table import COLUMNS
from server.audit.why.dossier import dossier
from server.audit.why.telling import told
from server.audit_pages import verification
from server.audit_pages.verification import FromStream, Verifier
from server.long_ids import shortened
from tests import seeds
from tests.audit_pages.scene import Scene
from tests.inbox.visitor import Visitor

pytestmark = pytest.mark.anyio
once = pytest.mark.parametrize("database_url", [MEMORY])


def lines(page: httpx.Response) -> list[dict[str, Any]]:
    """Return the JSON texts of a file, one a line."""
    return [json.loads(line) for line in page.text.splitlines()]


@once
async def test_a_story_tells_the_steps_and_what_they_rested_on(scene: Scene) -> None:
    request_id = await scene.asked()
    await scene.decided(request_id, seeds.BOB)
    await scene.decided(request_id, seeds.CAROL)
    auditor = await scene.auditor()
    page = (await auditor.get(f"/audit/requests/{request_id}")).text
    for words in (
        "Reader for Alice Example",
        "Alice Example asked for Reader",
        "A vote to approve",
        "known by: session",
        "of policy crm, version 1",
        "Desk &lt;b&gt;assistant&lt;/b&gt; (https://client.example/a)",
        "Quarter-end &lt;script&gt;",
        "So be it",
        f'href="/audit?request={request_id}"',
        "The text of policy crm, version 1",
    ):
        assert words in page, words
    told = (await auditor.get(f"/audit/requests/{request_id}?form=json")).json()
    assert told["filed"]["justification"].startswith("Quarter-end")
    assert (await auditor.get("/audit/requests/unknown")).status_code == 404


async def test_a_past_moment_shows_what_was_so_then(scene: Scene) -> None:
    request_id = await scene.asked()
    asked_at = await scene.position(request_id)
    await scene.decided(request_id, seeds.BOB)
    await scene.decided(request_id, seeds.CAROL)
    auditor = await scene.auditor()
    before = await auditor.get(f"/audit/as-of?what=requests&moment={asked_at - 1}")
    assert "There was nothing of the kind" in before.text
    after = await auditor.get(f"/audit/as-of?what=requests&position={asked_at}")
    assert request_id in after.text
    assert "1 entry" in after.text
    policies = await auditor.get("/audit/as-of?what=policies")
    assert "What crm, version 1, said" in policies.text
    as_json = (await auditor.get(f"/audit/as-of?what=requests&moment={asked_at}&form=json")).json()
    assert as_json["as_of"]["position"] == asked_at
    assert [one["request_id"] for one in as_json["items"]] == [request_id]


@once
async def test_whichever_of_slider_and_time_was_changed_counts(scene: Scene) -> None:
    await scene.asked()
    auditor = await scene.auditor()
    head = scene.web.system.store.head()
    page = (await auditor.get("/audit/as-of")).text
    shown = re.search(r'name="shown" value="([^"]+)"', page)
    assert shown is not None
    same = f"at={shown[1]}&shown={shown[1]}"
    assert "event 3</a>" in (await auditor.get(f"/audit/as-of?position=3&{same}")).text
    changed = f"position={head}&at=2020-01-01T00:00&shown={shown[1]}"
    assert "Before the first event" in (await auditor.get(f"/audit/as-of?{changed}")).text


@once
async def test_no_more_than_so_many_rows_are_shown_and_all_are_counted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.audit_pages.past_moment.MOST_ROWS", 2)
    auditor = await scene.auditor()
    page = (await auditor.get("/audit/as-of?what=people")).text
    assert "5 entries" in page
    assert "Shown are the first 2" in page
    assert len((await auditor.get("/audit/as-of?what=people&form=json")).json()["items"]) == 5


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_export_is_what_the_filter_finds_sealed_unless_asked_for_open(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.audit_pages.exporting.BATCH", 3)
    request_id = await scene.asked()
    await scene.decided(request_id, seeds.BOB)
    auditor = await scene.auditor()
    query = f"request={request_id}"
    sealed = await auditor.get(f"/audit/export?format=jsonl&{query}")
    assert "attachment; filename=" in sealed.headers["content-disposition"]
    assert "Quarter-end" not in sealed.text
    opened = await auditor.get(f"/audit/export?format=jsonl&{query}&open=1")
    assert "Quarter-end" in opened.text
    sequence = [int(one["sequence"]) for one in lines(opened)]
    assert sequence == sorted(sequence)
    assert len(sequence) == len(lines(sealed)) > 3
    table = (await auditor.get(f"/audit/export?format=csv&{query}")).text
    assert table.count(",".join(COLUMNS)) == 1
    assert len(table.splitlines()) == len(sequence) + 1
    whole = lines(await auditor.get("/audit/export?format=ocsf"))
    assert len(whole) == scene.web.system.store.head()
    nothing = await auditor.get("/audit/export?format=csv&type=webhook")
    assert nothing.text == ",".join(COLUMNS) + "\r\n"


async def verified(auditor: Visitor) -> httpx.Response:
    """Let the auditor press the button; return the page that it leads to."""
    page = await auditor.get("/audit/verify")
    csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
    answer = await auditor.http.post(auditor.address("/audit/verify"), data={"csrf": csrf})
    assert answer.status_code == 303, answer.text
    return await auditor.get(answer.headers["location"])


async def test_the_chain_is_verified_at_the_press_of_a_button(scene: Scene) -> None:
    await scene.asked()
    auditor = await scene.auditor()
    assert "The log is not signed yet" in (await auditor.get("/audit")).text
    made = await anyio.to_thread.run_sync(scene.web.system.checkpointing.make)
    assert made is not None
    assert f"signed up to event {made.position}" in (await auditor.get("/audit")).text
    page = (await verified(auditor)).text
    end, digest = scene.web.system.store.chain_head()
    assert "<strong>Intact</strong>" in page
    assert "events in less than a second" in page
    assert f"{end}:{digest.hex()}" in page
    assert "1 in the database" in page


@once
async def test_a_changed_log_is_told_on_every_page(scene: Scene) -> None:
    await scene.asked()
    auditor = await scene.auditor()
    store = scene.web.system.store
    with store.write() as transaction:
        transaction.rows.execute("DROP TRIGGER event_log_no_update")
        transaction.rows.execute("UPDATE event_log SET topic = 'app.gone' WHERE position = 7")
    assert "<strong>Not intact</strong>" in (await verified(auditor)).text
    page = await auditor.get("/audit/as-of?what=policies")
    assert "<strong>not intact.</strong>" in page.text


@once
async def test_a_form_of_another_page_or_site_verifies_nothing(scene: Scene) -> None:
    auditor = await scene.auditor()
    url = auditor.address("/audit/verify")
    page = (await auditor.get("/audit")).text
    csrf = page.split('action="/audit/verify"><input type="hidden" name="csrf" value="')[1]
    good = {"csrf": csrf.split('"')[0]}
    foreign = {"origin": "https://evil.example"}
    assert (await auditor.http.post(url, data={"csrf": "x"})).status_code == 403
    assert (await auditor.http.post(url, data=good, headers=foreign)).status_code == 403
    assert "Nobody has verified the chain" in (await auditor.get("/audit/verify")).text
    assert (await auditor.http.post(url, data=good)).status_code == 303


@once
async def test_only_one_verification_runs_at_a_time(scene: Scene) -> None:
    verifier = Verifier(scene.web.system)
    again: list[bool] = []

    def look(done: int, total: int) -> None:
        again.append(verifier.running and not verifier.verify(FromStream()))
        verifier.done, verifier.total = done, total

    verifier.report = look
    assert await anyio.to_thread.run_sync(verifier.verify, FromStream(fault="NATS: away"))
    assert again == [True]
    assert not verifier.running
    assert verifier.last is not None
    assert verifier.last.intact
    assert [one.told for one in verifier.last.findings][-1] == "not asked: NATS: away"


@once
async def test_what_cannot_be_read_of_checkpoints_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_sought: object) -> None:
        raise PermissionError(13, "Permission denied", "/mnt/elsewhere/notes")

    auditor = await scene.auditor()
    monkeypatch.setattr(verification, "_sources", unreadable)
    page = await auditor.get("/audit/verify")
    csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
    answer = await auditor.http.post(auditor.address("/audit/verify"), data={"csrf": csrf})
    assert "cannot be read: Permission denied" in answer.text
    assert "/mnt" not in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_event_that_cannot_be_read_is_said_to_be_one(scene: Scene) -> None:
    system = scene.web.system
    with sqlite3.connect(system.settings.store_url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TRIGGER event_log_no_update")
        connection.execute("UPDATE event_log SET state = x'7b' WHERE position = 6")
    auditor = await scene.auditor()
    for path in ("/audit?before=8", "/audit/events/6"):
        answer = await auditor.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "unreadable"), path


@once
async def test_a_story_calls_people_and_permissions_by_their_names(scene: Scene) -> None:
    request_id = await scene.asked()
    await scene.decided(request_id, seeds.BOB, at=datetime(2026, 12, 5, 5, 15, tzinfo=UTC))
    page = (await (await scene.auditor()).get(f"/audit/requests/{request_id}")).text
    assert "Why, in Alice Example" in page
    assert "by Bob Example" in page
    assert "5 December 2026, 05:15 UTC" in page
    assert "2026-12-05 05:15" not in page
    assert "crm:reader" not in page
    assert "Reader</p>" in page


@once
async def test_a_long_id_of_a_client_is_shortened_and_whole_behind_it(scene: Scene) -> None:
    client = Client(ClientId(f"dw1.{'x' * 300}.end"), "Desk")
    actor = Actor(Via.MCP, seeds.ALICE, client, ConsentId("c-1"))
    now, answers = scene.web.system.clock(), (("ticket", "T-1"),)
    command = seeds.submission("r-long", now=now, answers=answers)
    await scene.act(command, actor)
    await scene.followed()
    page = (await (await scene.auditor()).get("/audit/requests/r-long")).text
    assert f"<summary>{shortened(client.client_id)}</summary>{client.client_id}</details>" in page
    assert len(shortened(client.client_id)) < 40
    store = scene.web.system.store
    why = dossier(store, "r-long", store.head())
    assert why is not None
    assert f"mcp, Desk ({shortened(client.client_id)})" in "\n".join(told(why))
