"""What is a request and what is none: over real sockets, byte by byte as a client or an attacker sends it.
Two programs that read the same bytes differently are how requests are smuggled past a proxy."""

from __future__ import annotations

import asyncio

import pytest

from tests.http_server.conftest import GET, Served

pytestmark = pytest.mark.anyio
HOST = b"Host: doorward.example\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST

REFUSED = {
    "two lengths that agree": (POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
    "a list of lengths": (POST + b"Content-Length: 1, 1\r\n\r\nx", 400),
    "a signed length": (POST + b"Content-Length: +1\r\n\r\nx", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\nx", 400),
    "no length in the length": (POST + b"Content-Length:\r\n\r\n", 400),
    "a length no number holds": (POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nx", 400),
    "a length over the limit": (POST + b"Content-Length: 99999999\r\n\r\nx", 413),
    "length and chunks": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunks and length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    "another transfer coding": (POST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "a coding before chunked": (
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        501,
    ),
    "something like chunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "chunked twice": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a blank before the colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked behind a vertical tab": (
        POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunked in HTTP/1.0": (
        b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a bare line feed in the head": (b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400),
    "a bare line feed after a header": (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
    "a bare carriage return": (b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400),
    "a folded line": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", 400),
    "a blank before the first header": (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "an at sign in a name": (b"GET / HTTP/1.1\r\n" + HOST + b"X@y: z\r\n\r\n", 400),
    "a header without a name": (b"GET / HTTP/1.1\r\n" + HOST + b": z\r\n\r\n", 400),
    "eight bits in a name": (b"GET / HTTP/1.1\r\n" + HOST + b"X\xe9: z\r\n\r\n", 400),
    "NUL in a value": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", 400),
    "a control character in a value": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x01\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "HTTP/0.9 by name": (b"GET / HTTP/0.9\r\n" + HOST + b"\r\n", 505),
    "HTTP/2.0 by name": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 400),
    "HTTP/2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a method nobody has": (b"FOO / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a method in small letters": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    "TRACE": (b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a URL with a fragment": (b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a URL with a control character": (b"GET /a\x01 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a URL with eight bits": (b"GET /a\xff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a URL of another host": (b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a URL with somebody's name": (
        b"GET http://me@doorward.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
        400,
    ),
    "a URL of another scheme": (b"GET ftp://doorward.example/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no URL but a star": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a long URL": (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "an empty Host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "a Host with a slash": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "two Authorizations": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Authorization: a\r\nAuthorization: b\r\n\r\n",
        400,
    ),
    "many headers": (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 101 + b"\r\n", 431),
    "a long header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 33_000 + b"\r\n\r\n", 431),
    "a packed body": (POST + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 415),
    "another expectation": (POST + b"Expect: miracles\r\nContent-Length: 1\r\n\r\nx", 417),
    "a negative chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n", 400),
    "a chunk in C's notation": (POST + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n", 400),
    "a blank after a chunk's length": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n",
        400,
    ),
    "a chunk no number holds": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\nx\r\n",
        400,
    ),
    "a chunk longer than it says": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
        400,
    ),
    "bare line feeds between chunks": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
        400,
    ),
    "a length after the chunks": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n",
        400,
    ),
}


@pytest.mark.parametrize("sent", REFUSED)
async def test_what_others_may_read_otherwise_is_refused_and_ends_the_connection(
    served: Served, sent: str
) -> None:
    data, status = REFUSED[sent]
    client = await served.client()
    await client.send(data + GET % b"smuggled")
    told, headers, _ = await client.answer()
    assert (told, headers["connection"]) == (status, "close")
    assert await client.rest() in (b"", b"reset"), "nothing behind it is read as a request"
    assert not [one for one in served.seen.scopes if one["path"] == "/smuggled"]
    assert (await (await served.client()).get())[0] == 200


@pytest.mark.parametrize("sent", REFUSED)
async def test_it_is_refused_alike_when_it_comes_byte_by_byte(served: Served, sent: str) -> None:
    data, status = REFUSED[sent]
    client = await served.client()
    pieces = [data[n : n + 1] for n in range(min(len(data), 400))] + [data[400:]]
    for piece in pieces:
        client.writer.write(piece)
        await asyncio.sleep(0)
    assert (await client.answer())[0] == status


async def test_blanks_around_values_are_no_part_of_them(served: Served) -> None:
    """RFC 9110 §5.5; MCP compares such headers with the body."""
    client = await served.client()
    await client.send(b"GET / HTTP/1.1\r\n" + HOST + b"Mcp-Name: \t a b \t \r\nY:\r\n\r\n")
    assert (await client.answer())[0] == 200
    headers = dict(served.seen.scopes[0]["headers"])
    assert (headers[b"mcp-name"], headers[b"y"]) == (b"a b", b"")


async def test_a_url_with_our_own_host_is_as_good_as_a_path(served: Served) -> None:
    """RFC 9112 §3.2.2."""
    client = await served.client()
    for url, path in (
        (b"http://doorward.example/a%20b?c=%64", "/a b"),
        (b"http://doorward.example", "/"),
    ):
        await client.send(b"GET " + url + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (await client.answer())[0] == 200
        assert served.seen.scopes[-1]["path"] == path
    scope = served.seen.scopes[0]
    assert (scope["raw_path"], scope["query_string"]) == (b"/a%20b", b"c=%64")


async def test_a_wish_for_http_2_is_left_unheard_and_loses_no_body(served: Served) -> None:
    """Java's own client sends it with each first request."""
    wish = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
    client = await served.client()
    request = POST + wish + b"Content-Length: 5\r\n\r\nhello"
    for _ in range(2):
        await client.send(request)
        assert (await client.answer())[2] == b"/ hello"
    for piece in (request[:20], request[20:120], request[120:-2], request[-2:]):
        await client.send(piece)
        await asyncio.sleep(0.001)
    assert (await client.answer())[2] == b"/ hello"


async def test_headers_behind_a_chunked_body_are_none(served: Served) -> None:
    """RFC 9110 §6.5.1: a proxy has not seen them."""
    client = await served.client()
    await client.send(
        POST
        + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n"
    )
    assert (await client.answer())[2] == b"/ abc"
    assert b"authorization" not in dict(served.seen.scopes[0]["headers"])


async def test_requests_in_a_row_are_answered_in_order(served: Served) -> None:
    client = await served.client()
    await client.send(b"".join(GET % b"%d" % number for number in range(10)))
    answers = [(await client.answer())[2] for _ in range(10)]
    assert answers == [b"/%d " % number for number in range(10)]


async def test_rubbish_behind_a_request_is_answered_behind_its_answer(served: Served) -> None:
    """An error in the middle of another answer would be taken for a part of it."""
    client = await served.client()
    await client.send(GET % b"held" + GET % b"next" + b"rubbish\r\n\r\n" + GET % b"smuggled")
    await served.until(lambda: len(served.seen.scopes) == 1)
    served.seen.released.set()
    assert [(await client.answer())[0] for _ in range(3)] == [200, 200, 400]
    assert await client.rest() in (b"", b"reset")
    assert [one["path"] for one in served.seen.scopes] == ["/held", "/next"]


async def test_who_asks_for_too_much_at_once_gets_what_fits_and_goes(served: Served) -> None:
    client = await served.client()
    await client.send(GET % b"held" + b"".join(GET % b"%d" % number for number in range(40)))
    await served.until(lambda: len(served.seen.scopes) == 1)
    served.seen.released.set()
    answers = [(await client.answer())[0] for _ in range(18)]
    assert answers == [200] * 17 + [429]
    assert await client.rest() in (b"", b"reset")


async def test_http_1_0_is_answered_once_and_without_chunks(served: Served) -> None:
    client = await served.client()
    await client.send(b"GET /a HTTP/1.0\r\n\r\n" + GET % b"b")
    _, headers, body = await client.answer()
    assert (headers["connection"], body) == ("close", b"/a ")
    assert await client.rest() in (b"", b"reset")


async def test_head_has_the_length_and_not_the_body(served: Served) -> None:
    client = await served.client()
    await client.send(b"HEAD /a HTTP/1.1\r\n" + HOST + b"\r\n" + GET % b"b")
    status, headers, _ = await client.answer(bodiless=True)
    assert (status, headers["content-length"]) == (200, "3")
    assert (await client.answer())[2] == b"/b "


async def test_the_body_is_asked_for_only_when_it_is_wanted(served: Served) -> None:
    """RFC 9110 §10.1.1."""
    client = await served.client()
    await client.send(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert (await client.answer())[0] == 100
    await client.send(b"hi")
    assert (await client.answer())[2] == b"/ hi"
    late = b"POST /late HTTP/1.1\r\n" + HOST
    await client.send(late + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert (await client.answer())[0] == 200
