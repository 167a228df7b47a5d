"""Load balancers before two servers: nobody's call is lost when one goes, none is made twice, nobody says in
whose name he comes, and events are not held back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.browser import FormBrowser
from tests.deployment.balancers import Balancer, Upstream, caddy, haproxy
from tests.mcp.wire import Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
DEADLINE = 60
Run = Callable[[Path, list[int]], AbstractContextManager[Balancer]]


@pytest.fixture(params=[caddy, haproxy], ids=["caddy", "haproxy"])
def run(request: pytest.FixtureRequest) -> Run:
    found: Run = request.param
    return found


async def fine(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Take the request and end, as a server does that is killed."""
    writer.close()


@asynccontextmanager
async def client(balancer: Balancer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=balancer.url, verify=balancer.trust, timeout=30) as http:
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    if (await http.get("/up")).status_code == 200:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
        yield http


async def test_what_a_client_claims_of_its_address_is_thrown_away(
    run: Run, tmp_path: Path
) -> None:
    first, second = Upstream(fine), Upstream(fine)
    async with first.listening(), second.listening():
        with run(tmp_path / "balancer", [first.port, second.port]) as balancer:
            async with client(balancer) as http:
                claimed = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
                for _ in range(4):
                    assert (await http.get("/claims", headers=claimed)).status_code == 200
    told = [headers for line, headers in first.asked + second.asked if "/claims" in line]
    assert len(told) == 4
    for headers in told:
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert "203.0.113.9" not in str(headers.get("forwarded"))


async def test_figures_are_not_for_everybody(run: Run, tmp_path: Path) -> None:
    first, second = Upstream(fine), Upstream(fine)
    async with first.listening(), second.listening():
        with run(tmp_path / "balancer", [first.port, second.port]) as balancer:
            async with client(balancer) as http:
                assert (await http.get("/metrics")).status_code == 404
    assert not [line for line, _ in first.asked + second.asked if "/metrics" in line]


async def test_a_server_that_is_not_ready_gets_nothing(run: Run, tmp_path: Path) -> None:
    first, second = Upstream(fine), Upstream(fine)
    async with first.listening(), second.listening():
        with run(tmp_path / "balancer", [first.port, second.port]) as balancer:
            async with client(balancer) as http:
                first.ready = False
                async with asyncio.timeout(DEADLINE):
                    while True:
                        first.asked.clear()
                        for _ in range(10):
                            assert (await http.post("/call", content=b"x")).status_code == 200
                        if not first.asked:
                            break
                        await asyncio.sleep(0.1)


async def test_a_call_that_was_taken_is_not_made_again_elsewhere(run: Run, tmp_path: Path) -> None:
    """Both take what comes and hang up: whoever has been asked once must not be asked in vain twice."""
    first, second = Upstream(fine), Upstream(fine)
    async with first.listening(), second.listening():
        with run(tmp_path / "balancer", [first.port, second.port]) as balancer:
            async with client(balancer) as http:
                first.answer = second.answer = hang_up
                try:
                    answer = await http.post("/call", content=b"x")
                    assert answer.status_code in (502, 503)
                except httpx.RemoteProtocolError:
                    """HAProxy's way to say that it does not know: it hangs up too."""
    assert len([line for line, _ in first.asked + second.asked if "/call" in line]) == 1


async def test_a_question_that_was_taken_by_one_that_died_is_asked_of_the_other(
    run: Run, tmp_path: Path
) -> None:
    first, second = Upstream(fine), Upstream(fine)
    async with first.listening(), second.listening():
        with run(tmp_path / "balancer", [first.port, second.port]) as balancer:
            async with client(balancer) as http:
                first.answer = hang_up
                for _ in range(6):
                    assert (await http.get("/question")).status_code == 200
    assert [line for line, _ in first.asked if "/question" in line]


async def test_events_go_out_as_they_come(run: Run, tmp_path: Path) -> None:
    heard = asyncio.Event()

    async def stream(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
        await writer.drain()
        # What comes next is said only when the first has arrived.
        async with asyncio.timeout(DEADLINE):
            await heard.wait()
        writer.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")
        await writer.drain()

    first, second = Upstream(fine), Upstream(fine)
    async with first.listening(), second.listening():
        with run(tmp_path / "balancer", [first.port, second.port]) as balancer:
            async with client(balancer) as http:
                first.answer = second.answer = stream
                async with http.stream("GET", "/events") as answer:
                    lines = [line async for line in _told(answer, heard)]
    assert lines == ["data: 1", "data: 2"]


async def _told(answer: httpx.Response, heard: asyncio.Event) -> AsyncIterator[str]:
    async for line in answer.aiter_lines():
        if line:
            heard.set()
            yield line


@pytest.fixture
def machines(tmp_path: Path, postgres_url: str) -> list[RunningServer]:
    """Two Doorwards that have not been started."""
    keys = tmp_path / "keys"
    settings = {
        "DOORWARD_DATABASE_URL": postgres_url,
        "DOORWARD_NATS_URL": "off",
        "DOORWARD_KEYS_DIR": str(keys),
        "DOORWARD_TRUSTED_PROXIES": "127.0.0.1",
        "DOORWARD_RATE_LIMITS": "off",
    }
    servers = [RunningServer(tmp_path / name, dict(settings)) for name in ("one", "two")]
    assert servers[0].run("keys", "init", str(keys)).returncode == 0
    return servers


async def test_doorward_is_restarted_machine_by_machine_without_a_failed_call(
    run: Run, machines: list[RunningServer], tmp_path: Path
) -> None:
    with run(tmp_path / "balancer", [one.port for one in machines]) as balancer:
        for one in machines:
            one.settings["DOORWARD_PUBLIC_URL"] = balancer.url
            one.start()
        try:
            async with httpx.AsyncClient(verify=balancer.trust, timeout=30) as http:
                await until_ready(http, balancer)
                await restart_all(http, balancer, machines)
        finally:
            for one in machines:
                one.stop()


async def until_ready(http: httpx.AsyncClient, balancer: Balancer) -> None:
    async with asyncio.timeout(DEADLINE):
        while (await http.get(f"{balancer.url}/readyz")).status_code != 200:
            await asyncio.sleep(0.05)


async def restart_all(
    http: httpx.AsyncClient, balancer: Balancer, machines: list[RunningServer]
) -> None:
    tokens = await Flow(http, balancer.url).sign_in(FormBrowser(balancer.url, http=http))
    wire = Wire(http, balancer.url, tokens["access_token"])
    done = asyncio.Event()

    async def call() -> None:
        while not done.is_set():
            found = await wire.ask("list_access_requests")
            assert "items" in found

    calling = [asyncio.create_task(call()) for _ in range(4)]

    async def found(machine: RunningServer) -> None:
        """Wait until the balancer has found a machine."""
        async with asyncio.timeout(DEADLINE):
            while not (await has_answered(machine) or any(task.done() for task in calling)):
                await asyncio.sleep(0.05)

    try:
        # None goes before the balancer knows of the others.
        for one in machines:
            await found(one)
        for one in machines:
            await asyncio.to_thread(one.stop)
            await asyncio.to_thread(one.start)
            await found(one)
    finally:
        done.set()
        await asyncio.gather(*calling)


async def has_answered(machine: RunningServer) -> bool:
    """Say whether a machine has answered calls since its start."""
    async with httpx.AsyncClient() as http:
        figures = await http.get(f"http://127.0.0.1:{machine.port}/metrics")
    return "doorward_mcp_calls_total{" in figures.text
