"""Each kind of client hears in its own words that it has to wait."""

from __future__ import annotations

import json

import pytest
from starlette.requests import Request

from domain.ports import Unavailable
from server.asking import NotBegun
from server.errors import unavailable

pytestmark = pytest.mark.anyio


async def said(path: str, accept: str, fault: Exception) -> tuple[str, str, bytes]:
    headers = [(b"accept", accept.encode()), (b"host", b"doorward.example")]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": headers,
        "query_string": b"",
    }
    answer = await unavailable(Request(scope), fault)
    assert answer.status_code == 503
    return answer.headers["content-type"], answer.headers["retry-after"], bytes(answer.body)


@pytest.mark.parametrize(("fault", "wait"), [(Unavailable("x"), "5"), (NotBegun("x"), "1")])
async def test_an_outage_and_too_much_work_are_told_apart_by_when_to_come_again(
    fault: Exception, wait: str
) -> None:
    media, after, body = await said("/mcp/user", "application/json", fault)
    assert (media, after) == ("application/json", wait)
    assert json.loads(body)["error"]["message"].endswith("try again in a moment.")
    media, after, body = await said("/token", "*/*", fault)
    assert json.loads(body)["error"] == "temporarily_unavailable", "RFC 6749 §5.2"
    media, after, body = await said("/scim/v2/Users", "*/*", fault)
    assert (media, json.loads(body)["status"]) == ("application/scim+json", "503")
    media, after, body = await said("/inbox", "text/html,*/*;q=0.8", fault)
    assert media == "text/html; charset=utf-8"
    assert b"try again in a moment" in body
    media, after, body = await said("/integrations/x/decide", "*/*", fault)
    assert json.loads(body)["code"] == "unavailable"
