"""The way in over HTTP: signed as Standard Webhooks say, by the reference implementation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from domain.access_request import DecisionTaken
from server.wiring import System
from tests.integrations.test_answering import asked, bring_in, decision, operate
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def web(system: System) -> AsyncIterator[Web]:
    async with web_of(system) as served:
        yield served


@pytest.fixture
def secret(web: Web) -> str:
    told = operate(web.system, "integration add", name="auto", rights=["decide"])
    operate(web.system, "integration add", name="directory", rights=["fulfil"])
    bring_in(web.system)
    assert told["decide_over_http"] == f"{web.issuer}/integrations/auto/decide"
    return str(told["callback_secret"])


async def call(
    web: Web, secret: str, body: object, *, name: str = "auto", kind: str = "decide", **more: Any
) -> httpx.Response:
    raw = body if isinstance(body, str) else json.dumps(body)
    now = web.system.clock() + more.get("late", timedelta())
    headers = {
        "webhook-id": "m-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("m-1", now, raw),
        **more.get("headers", {}),
    }
    url = f"{web.issuer}/integrations/{name}/{kind}"
    return await web.http.post(url, content=raw.encode(), headers=headers)


async def test_a_signed_decision_counts_once(web: Web, secret: str) -> None:
    request_id = await asked(web.system)
    answers = [await call(web, secret, decision(request_id)) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 200]
    assert [one.json()["replayed"] for one in answers] == [False, True, True]
    assert len(web.events(DecisionTaken)) == 1


async def test_a_refusal_is_an_outcome_with_its_code(web: Web, secret: str) -> None:
    request_id = await asked(web.system)
    answer = await call(web, secret, decision(request_id, decided_by="alice"))
    assert (answer.status_code, answer.json()["code"]) == (409, "self_approval")


@pytest.mark.parametrize(
    "more",
    [
        {"late": timedelta(minutes=-6)},
        {"late": timedelta(minutes=6)},
        {"headers": {"webhook-signature": ""}},
        {"headers": {"webhook-signature": "v1,AAAA"}},
        {"headers": {"webhook-id": "m-2"}},
        {"headers": {"webhook-timestamp": "now"}},
        {"headers": {"webhook-timestamp": "9" * 40}},
        {"name": "nobody"},
        {"name": "%00"},
    ],
)
async def test_a_call_that_is_not_signed_well_is_told_nothing(
    web: Web, secret: str, more: dict[str, Any]
) -> None:
    request_id = await asked(web.system)
    answer = await call(web, secret, decision(request_id), **more)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed")
    assert web.events(DecisionTaken) == []


async def test_one_secret_is_good_for_its_own_integration_alone(web: Web, secret: str) -> None:
    request_id = await asked(web.system)
    answer = await call(web, secret, decision(request_id), name="directory")
    assert answer.status_code == 401


async def test_what_cannot_be_read_is_a_bad_request(web: Web, secret: str) -> None:
    assert (await call(web, secret, "{")).status_code == 400
    assert (await call(web, secret, " " * 70_000)).status_code == 413
    assert (await call(web, secret, {}, kind="destroy")).status_code == 404


async def test_a_rotated_secret_overlaps_unless_it_has_leaked(web: Web, secret: str) -> None:
    request_id = await asked(web.system)
    fresh = operate(web.system, "integration rotate", name="auto")["callback_secret"]
    for number, one in enumerate((secret, fresh)):
        answer = await call(web, one, decision(request_id, decision_id=f"d-{number}"))
        assert answer.status_code in (200, 409)
    last = operate(web.system, "integration rotate", name="auto", at_once=True)["callback_secret"]
    assert (await call(web, fresh, decision(request_id))).status_code == 401
    assert (await call(web, last, decision(request_id))).status_code in (200, 409)
