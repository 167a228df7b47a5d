"""What one client can take of the server: time, memory, connections. The bounds are set small here."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace

import pytest
from starlette.types import Receive, Scope, Send

from server.asking import ASKER, Asker
from server.http_server.bounds import Bounds
from tests.http_server.conftest import GET, QUICK, SECONDS, Client, Served, serving

pytestmark = pytest.mark.anyio
QUICKLY = Bounds(tick_seconds=QUICK, quiet_seconds=QUICK, drain_seconds=1)
POST = b"POST / HTTP/1.1\r\nHost: doorward.example\r\n"


async def drip(client: Client, data: bytes) -> None:
    """Send one byte after the other until nobody listens."""
    try:
        for number in range(100_000):
            await client.send(data[number % len(data) :][:1])
            await asyncio.sleep(QUICK / 4)
    except ConnectionError:
        return


async def test_a_head_that_comes_too_slowly_is_cut_off() -> None:
    async with serving(replace(QUICKLY, head_seconds=0.1)) as served:
        client = await served.client()
        dripping = asyncio.create_task(drip(client, b"GET / HTTP/1.1\r\nX: y\r\nX: z\r\n"))
        assert (await client.answer())[0] == 408
        assert await client.rest() in (b"", b"reset")
        dripping.cancel()
        await served.until(lambda: not served.web.connections.open)


async def test_a_body_that_comes_too_slowly_is_cut_off_and_its_request_told() -> None:
    async with serving(replace(QUICKLY, body_seconds=0.1)) as served:
        for head in (b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
            client = await served.client()
            await client.send(POST + head)
            dripping = asyncio.create_task(drip(client, b"1\r\nx\r\n"))
            assert (await client.answer())[0] == 408
            dripping.cancel()
        await served.until(lambda: served.seen.gone == ["/", "/"])
        assert served.web.connections.at_work == 0


async def test_a_body_that_nobody_reads_any_more_ends_as_well() -> None:
    async with serving(replace(QUICKLY, body_seconds=0.1)) as served:
        client = await served.client()
        await client.send(b"POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        assert (await client.answer())[0] == 200
        assert await client.rest() == b""


async def test_chunks_that_never_end_are_cut_off_by_their_size() -> None:
    """Their extensions count: the application never sees those."""
    async with serving(replace(QUICKLY, body_bytes=300_000)) as served:
        client = await served.client()
        await client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n1;")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError, AssertionError)):
            for _ in range(1_000):
                await client.send(b"a" * 10_000)
            assert (await client.answer())[0] == 0, "it was sent in vain"
        assert served.web.connections.refused["413"] == 1


async def test_a_head_that_never_ends_is_cut_off_by_its_size(served: Served) -> None:
    client = await served.client()
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError, AssertionError)):
        for _ in range(1_000):
            await client.send(b"a" * 10_000)
        assert (await client.answer())[0] == 0, "it was sent in vain"
    assert served.web.connections.refused["431"] == 1


async def test_who_does_not_take_his_answer_is_cut_off() -> None:
    async with serving(replace(QUICKLY, write_seconds=0.1)) as served:
        for path in (b"stream", b"large"):
            client = await small_window(served)
            await client.send(GET % path)
            await served.until(lambda: served.web.connections.refused["stalled"] > 0)
            await served.until(lambda: not served.web.connections.open)
            await served.until(lambda: not served.web.connections.tasks)
            served.web.connections.refused.clear()


async def small_window(served: Served) -> Client:
    """Return a client whose kernel buffers little of what is not read."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", served.port))
    made = Client(*await asyncio.open_connection(sock=narrow, limit=4_096))
    served.clients.append(made)
    return made


async def test_who_takes_his_answer_slowly_gets_it() -> None:
    """The whole lasts for longer than anybody may take nothing."""
    async with serving(replace(QUICKLY, write_seconds=0.5)) as served:
        client = await served.client()
        await client.send(GET % b"large")
        await client.reader.readuntil(b"\r\n\r\n")
        taken, began = 0, asyncio.get_running_loop().time()
        while taken < 8_000_000:
            part = await asyncio.wait_for(client.reader.read(65_536), SECONDS)
            assert part, f"cut off after {taken} bytes"
            taken += len(part)
            await asyncio.sleep(QUICK / 2)
        assert asyncio.get_running_loop().time() - began > 0.5


async def test_a_connection_that_nobody_uses_is_closed() -> None:
    async with serving(replace(QUICKLY, idle_seconds=0.1)) as served:
        client, silent = await served.client(), await served.client()
        assert (await client.get())[0] == 200
        assert await client.rest() == b""
        assert await silent.rest() == b""


async def test_the_oldest_idle_connection_makes_room_for_a_new_one() -> None:
    async with serving(replace(QUICKLY, connections=3)) as served:
        clients = [await served.client() for _ in range(3)]
        for client in clients:
            assert (await client.get())[0] == 200
        await clients[0].get()
        fourth = await served.client()
        assert (await fourth.get())[0] == 200
        assert await clients[1].rest() == b"", "idle for longest"
        assert [(await one.get())[0] for one in (clients[0], clients[2])] == [200, 200]


async def test_where_none_is_idle_a_new_connection_is_told_to_come_again() -> None:
    async with serving(replace(QUICKLY, connections=2)) as served:
        for _ in range(2):
            await (await served.client()).send(GET % b"held")
        await served.until(lambda: len(served.seen.scopes) == 2)
        third = await served.client()
        status, headers, _ = await third.get()
        assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
        assert await third.rest() in (b"", b"reset")
        served.seen.released.set()
        assert (await served.clients[0].answer())[0] == 200
        assert (await (await served.client()).get())[0] == 200


async def test_one_address_cannot_take_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of this machine may be a proxy, and are not counted; here they are to be."""
    async with serving(replace(QUICKLY, connections=4)) as served:
        everybody = served.web.connections
        admit = everybody.admit
        monkeypatch.setattr(everybody, "admit", lambda one, **_: admit(one, own=False))
        for _ in range(2):
            await (await served.client("127.0.0.7")).send(GET % b"held")
        await served.until(lambda: len(served.seen.scopes) == 2)
        assert (await (await served.client("127.0.0.7")).get())[0] == 503
        assert (await (await served.client("127.0.0.8")).get())[0] == 200
        served.seen.released.set()
        served.clients[0].hang_up()
        await served.until(lambda: len(everybody.open) == 2)
        assert (await (await served.client("127.0.0.7")).get())[0] == 200


async def test_a_trusted_proxy_connects_for_everybody() -> None:
    bounds = replace(QUICKLY, connections=4)
    async with serving(bounds, trusted=["127.0.0.0/8"]) as served:
        for _ in range(4):
            await (await served.client()).send(GET % b"held")
        await served.until(lambda: len(served.seen.scopes) == 4)


@pytest.mark.parametrize(
    ("path", "accept", "media", "key"),
    [
        ("/mcp/user", "application/json", "application/json", "jsonrpc"),
        ("/token", "*/*", "application/json", "error"),
        ("/scim/v2/Users", "*/*", "application/scim+json", "schemas"),
        ("/inbox", "text/html,*/*", "text/html; charset=utf-8", ""),
        ("/catalog", "*/*", "application/json", "code"),
    ],
)
async def test_too_many_requests_at_once_are_refused_in_the_client_s_own_words(
    path: str, accept: str, media: str, key: str
) -> None:
    async with serving(replace(QUICKLY, requests=2)) as served:
        for _ in range(2):
            await (await served.client()).send(GET % b"held")
        await served.until(lambda: len(served.seen.scopes) == 2)
        client = await served.client()
        request = (
            f"POST {path} HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\nContent-Length: 2\r\n\r\n{{}}"
        )
        await client.send(request.encode())
        status, headers, body = await client.answer()
        assert (status, headers["retry-after"], headers["content-type"]) == (503, "1", media)
        assert not key or key in json.loads(body)
        assert (await client.get("healthz"))[0] == 200, "who watches the server is answered"
        served.seen.released.set()
        await served.clients[0].answer()
        assert (await client.get())[0] == 200, "the connection was kept"


async def test_a_stream_that_has_begun_is_not_at_work() -> None:
    async with serving(replace(QUICKLY, requests=1)) as served:
        listening = await served.client()
        await listening.send(GET % b"stream")
        await listening.answer()
        assert (await (await served.client()).get())[0] == 200


async def test_the_application_hears_of_a_client_that_hangs_up(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    client = await served.client()
    await client.send(POST + b"Content-Length: 5\r\n\r\nab")
    await served.until(lambda: len(served.seen.scopes) == 1)
    client.hang_up()
    await served.until(lambda: served.seen.gone == ["/"])
    listening = await served.client()
    await listening.send(GET % b"stream")
    await listening.answer()
    listening.hang_up()
    await served.until(lambda: served.seen.gone == ["/", "/stream"])
    await served.until(lambda: not served.web.connections.tasks)
    assert not caplog.records


async def test_what_is_done_for_a_request_knows_whether_its_client_has_hung_up() -> None:
    """The writer and the queue of queries look at it before they begin."""
    askers: list[Asker | None] = []
    released = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        askers.append(await asyncio.create_task(deeper()))
        await released.wait()

    async def deeper() -> Asker | None:
        return ASKER.get()

    async with serving(QUICKLY, app) as served:
        client = await served.client()
        await client.send(GET % b"")
        await served.until(lambda: len(askers) == 1)
        asker = askers[0]
        assert asker is not None
        assert not asker.gone
        client.hang_up()
        await served.until(lambda: asker.gone)
        released.set()
    assert ASKER.get() is None


async def test_the_last_address_that_is_no_proxy_is_who_asked() -> None:
    async with serving(QUICKLY, trusted=["127.0.0.1/32", "10.0.0.0/8"]) as served:
        client = await served.client()
        for said, believed in (
            ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("203.0.113.9:443", "203.0.113.9"),
            ("::ffff:203.0.113.8", "203.0.113.8"),
            ("nobody", "127.0.0.1"),
        ):
            await client.send(
                f"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {said}\r\n\r\n".encode()
            )
            await client.answer()
            assert served.seen.scopes[-1]["client"][0] == believed
        stranger = await served.client("127.0.0.2")
        await stranger.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
        await stranger.answer()
        assert served.seen.scopes[-1]["client"][0] == "127.0.0.2"
        assert (await client.get())[0] == 200
        assert served.seen.scopes[-1]["client"][0] == "127.0.0.1", (
            "of this request nobody was named"
        )
