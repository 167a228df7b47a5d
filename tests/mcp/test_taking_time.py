"""What holds the event loop: short queries, where the store is local; anything longer runs on a thread, and
is counted and admitted once all the same."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from domain.ports import Rows
from server.app import Application
from server.mcp.calls import Calls
from server.mcp.elicitation import Call
from server.mcp.taking_time import TakesTime, at_once, may_take_time
from server.mcp.tools import Toolset
from server.reads import Reads
from tests.web import Web

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url() -> str:
    """One database: the way of a query depends on whether it is local, and that is set here."""
    return "sqlite:///:memory:"


def test_what_may_take_time_is_given_up_only_where_it_has_to_be_done_at_once() -> None:
    may_take_time()
    with at_once(), pytest.raises(TakesTime):
        may_take_time()
    may_take_time()


class Places:
    """The tools' queries, watched: on which thread each of them ended well."""

    def __init__(self, web: Web, *, local: bool) -> None:
        unlimited = replace(web.system.settings, rate_limits=False)
        reads = Reads(web.system.store, local=local)
        served = Application(replace(web.system, settings=unlimited, reads=reads))
        calls: Calls = served._servers[0]._endpoint._calls
        self.calls = calls
        self.used: list[object] = []
        self.places: list[int] = []
        calls._admission._gate._used = lambda family, _now: self.used.append(family)
        watched = {name: self._watched(tool) for name, tool in calls._tools._tools.items()}
        calls._tools = Toolset(list(watched.values()))

    def _watched(self, tool: Any) -> Any:
        query = tool.query
        if query is None:
            return tool

        def ask(rows: Rows, grant: Any, arguments: Any) -> Any:
            answer = query(rows, grant, arguments)
            self.places.append(threading.get_ident())
            return answer

        return replace(tool, query=ask)

    async def on_the_loop(self, token: str, name: str, **arguments: object) -> bool:
        """Call a tool; say whether its query ran on the event loop."""
        self.places.clear()
        self.used.clear()
        result = await self.calls(token, Call(name, arguments))
        assert result.fields is not None, result.text
        assert len(self.places) == len(self.used) == 1
        return self.places == [threading.get_ident()]


SHORT: list[tuple[str, dict[str, object]]] = [
    ("list_access_requests", {}),
    ("list_access_requests", {"size": 10, "sort": "ASC"}),
]
LONG: list[tuple[str, dict[str, object]]] = [
    ("list_access_requests", {"size": 100}),
    ("list_access_requests", {"page": 50}),
    ("list_access_requests", {"as_of": "2026-01-01T00:00:00Z"}),
    ("list_access_requests", {"status_group": "closed"}),
    ("list_access_requests", {"expand": ["history"]}),
    ("list_requestable_permissions", {"app_id": "crm"}),
    ("search_apps", {"name_search": "wiki", "category": "Knowledge"}),
]
REMEMBERED: list[tuple[str, dict[str, object]]] = [
    ("search_apps", {}),
    ("search_apps", {"name_search": "customers"}),
    ("search_requestable_permissions", {"search_term": "reader"}),
]


async def test_short_queries_run_on_the_loop_and_long_ones_never(web: Web) -> None:
    token = (await web.wire()).token
    assert token is not None
    places = Places(web, local=True)
    for name, arguments in SHORT:
        assert await places.on_the_loop(token, name, **arguments)
    for name, arguments in LONG:
        for _ in range(2):
            assert not await places.on_the_loop(token, name, **arguments), arguments


async def test_a_search_runs_on_a_thread_until_it_is_remembered(web: Web) -> None:
    token = (await web.wire()).token
    assert token is not None
    places = Places(web, local=True)
    for name, arguments in REMEMBERED:
        assert not await places.on_the_loop(token, name, **arguments)
        assert await places.on_the_loop(token, name, **arguments)


async def test_no_query_runs_on_the_loop_where_the_store_is_elsewhere(web: Web) -> None:
    token = (await web.wire()).token
    assert token is not None
    places = Places(web, local=False)
    for name, arguments in (*SHORT, *LONG, *REMEMBERED, *REMEMBERED):
        assert not await places.on_the_loop(token, name, **arguments)
