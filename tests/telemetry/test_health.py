"""`/healthz` says whether the process lives, `/readyz` whether requests should be sent here."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from domain.catalog import AppRecord, PutApp
from domain.values import AppId
from server.health import STALLED_SECONDS, STUCK_SECONDS, Health, Stalls
from tests import seeds
from tests.web import Web

pytestmark = pytest.mark.anyio


async def asked(web: Web, path: str) -> tuple[int, dict[str, Any]]:
    answer = await web.http.get(f"{web.issuer}{path}")
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()


async def test_a_server_that_is_well_lives_and_is_ready(web: Web) -> None:
    head = web.system.store.head()
    assert (await asked(web, "/healthz"))[0] == 200
    status, body = await asked(web, "/readyz")
    assert status == 200
    assert body["status"] == "ready"
    assert body["reasons"] == []
    assert body["position"] == head
    assert body["nats"] == {"state": "off"}
    assert body["queue"]["waiting"] == 0


async def test_followers_that_are_behind_are_told_by_how_much(small_web: Web) -> None:
    for one in small_web.system.followers:
        one.catch_up()
    await small_web.execute(PutApp(AppId("new"), AppRecord("New", "")))
    status, body = await asked(small_web, "/readyz")
    assert status == 200
    assert set(body["behind"].values()) == {1}
    for one in small_web.system.followers:
        one.catch_up()
    assert set((await asked(small_web, "/readyz"))[1]["behind"].values()) == {0}


def test_only_a_follower_that_is_behind_and_does_not_move_stands_still() -> None:
    now = [0.0]
    stalls = Stalls(lambda: now[0])
    assert stalls.seen(100, {"catalog": 10, "audit": 10, "idle": 0}) == []
    now[0] += STALLED_SECONDS + 1
    # The log grows: one has followed a little, one not at all, one has nothing to follow until now.
    assert stalls.seen(110, {"catalog": 15, "audit": 20, "idle": 10}) == ["audit"]
    now[0] += 1
    assert stalls.seen(110, {"catalog": 15, "audit": 0, "idle": 10}) == []


async def test_a_follower_that_stands_still_makes_it_unready_and_says_so(small_web: Web) -> None:
    now = [0.0]
    health = Health(small_web.system, monotonic=lambda: now[0])
    transport = httpx.ASGITransport(Starlette(routes=health.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        await small_web.execute(PutApp(AppId("new"), AppRecord("New", "")))
        assert (await http.get("/readyz")).status_code == 200
        now[0] = STALLED_SECONDS + 1
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert any("stands still" in one for one in answer.json()["reasons"])
        assert (await http.get("/healthz")).status_code == 200
        for one in small_web.system.followers:
            one.catch_up()
        assert (await http.get("/readyz")).status_code == 200


async def test_it_is_unready_from_the_moment_at_which_it_shuts_down(small_web: Web) -> None:
    health = Health(small_web.system)
    transport = httpx.ASGITransport(Starlette(routes=health.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        assert (await http.get("/readyz")).status_code == 200
        health.drain()
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["the server is shutting down"]
        assert (await http.get("/healthz")).status_code == 200


async def test_a_process_whose_writer_has_ended_does_not_live(small_web: Web) -> None:
    small_web.system.bus.close()
    status, body = await asked(small_web, "/healthz")
    assert status == 503
    assert body["reasons"] == ["the thread that writes has ended"]
    assert (await asked(small_web, "/readyz"))[0] == 503


async def test_a_commit_that_never_ends_is_told(
    small_web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.health.STUCK_SECONDS", 0.0)
    monkeypatch.setattr("server.health.SLOW_SECONDS", 0.0)
    begun, over = threading.Event(), threading.Event()

    def never_ends(_work: object) -> None:
        begun.set()
        over.wait(30)

    waiting = threading.Thread(target=small_web.system.bus.call_blocking, args=(never_ends,))
    waiting.start()
    try:
        assert begun.wait(10)
        status, body = await asked(small_web, "/healthz")
        assert status == 503
        assert body["status"] == "stuck"
        assert (await asked(small_web, "/readyz"))[0] == 503
    finally:
        over.set()
        waiting.join()
    assert (await asked(small_web, "/healthz"))[0] == 200
    assert STUCK_SECONDS > 30


async def test_tables_of_another_version_make_it_unready(web: Web) -> None:
    await web.system.bus.call(
        lambda work: work.rows.execute(
            "UPDATE read_model_shape SET digest = 'other' WHERE projection = 'people'"
        )
    )
    status, body = await asked(web, "/readyz")
    assert status == 503
    assert body["reasons"] == ["another version of Doorward has made other tables: people"]


async def test_nobody_learns_a_name_from_health(web: Web) -> None:
    for path in ("/healthz", "/readyz"):
        text = str(await asked(web, path)).lower()
        assert not [name for name in ("alice", "bob", seeds.PASSWORD, "crm") if name in text]
