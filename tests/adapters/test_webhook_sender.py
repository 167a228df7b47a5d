"""One call to a receiver: bounded, encrypted, and never to where a cloud hands out credentials."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.webhook_sender import HttpWebhookSender
from domain.outgoing import WebhookAnswer, WebhookCall, WebhookUnreachable
from domain.webhook.addresses import is_permitted, is_public
from tests.certificates import write_certificate
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.anyio
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "host.pem", "hooks.example")


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


def call(url: str, body: bytes = b"{}") -> WebhookCall:
    return WebhookCall(url, {"content-type": "application/json", "webhook-id": "e-1"}, body)


def resolving(*addresses: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolver


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """A server that says whatever a test wants; yields its URL."""

    handlers: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.wait_for(asyncio.gather(*handlers), 30)
        gc.collect()


async def test_a_call_arrives_over_tls_with_its_headers_and_the_status_comes_back(
    certificate: Path,
) -> None:
    receiver = Receiver(answer=lambda _one: (503, {"Retry-After": "7"}))
    with receiver.listening(certificate):
        sender = HttpWebhookSender(insecure=True, context=trusting(certificate))
        answer = await sender.send(call(receiver.url, b'{"a": 1}'))
    assert answer == WebhookAnswer(503, "7")
    (arrived,) = receiver.calls
    assert arrived.body == b'{"a": 1}'
    assert arrived.headers["user-agent"] == "Doorward"
    assert arrived.headers["content-length"] == "8"
    assert arrived.headers["webhook-id"] == "e-1"


async def test_a_name_is_checked_against_the_certificate(certificate: Path) -> None:
    sender = HttpWebhookSender(
        insecure=True, context=trusting(certificate), resolver=resolving("127.0.0.1")
    )
    with Receiver().listening(certificate) as receiver:
        url = f"https://hooks.example:{receiver.port}/"
        assert (await sender.send(call(url))).status == 204
        with pytest.raises(WebhookUnreachable, match="certificate"):
            await sender.send(call(f"https://others.example:{receiver.port}/"))
    assert len(receiver.calls) == 1


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(certificate: Path) -> None:
    with (
        Receiver().listening(certificate) as receiver,
        pytest.raises(WebhookUnreachable, match="certificate"),
    ):
        await HttpWebhookSender(insecure=True).send(call(receiver.url))
    assert receiver.calls == []


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "febf::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "0.0.0.0",
        "::",
        "255.255.255.255",
        "224.0.0.1",
        "ff02::1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    ],
)
async def test_addresses_that_hand_out_credentials_are_refused_under_every_name(
    address: str,
) -> None:
    assert not is_permitted(ipaddress.ip_address(address))
    for addresses in ((address,), ("10.0.0.1", address), (address, "10.0.0.1")):
        sender = HttpWebhookSender(insecure=True, resolver=resolving(*addresses))
        for url in ("https://hooks.example/", "http://hooks.example/"):
            with pytest.raises(WebhookUnreachable, match="never sent to"):
                await sender.send(call(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://169.254.43518/",
    ],
)
async def test_and_in_every_notation(url: str) -> None:
    """The system's resolver reads numbers of many kinds; what it makes of them is what counts."""
    with pytest.raises(WebhookUnreachable, match=r"never sent to|no address"):
        await HttpWebhookSender(insecure=True).send(call(url))


PRIVATE = (
    "10.0.0.1",
    "192.168.1.5",
    "127.0.0.1",
    "100.64.0.1",
    "fd12::1",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
)


@pytest.mark.parametrize("address", PRIVATE)
async def test_private_addresses_are_called_only_where_the_operator_allows_it(
    address: str,
) -> None:
    """A URL that somebody talked an administrator's client into is no way into the network."""
    assert is_permitted(ipaddress.ip_address(address))
    for addresses in ((address,), ("93.184.216.34", address)):
        sender = HttpWebhookSender(resolver=resolving(*addresses))
        with pytest.raises(WebhookUnreachable, match="DOORWARD_WEBHOOK_NETWORKS"):
            await sender.send(call("https://hooks.example/"))


async def test_a_network_that_the_operator_names_is_called_with_https_alone(
    certificate: Path,
) -> None:
    def sender(*addresses: str) -> HttpWebhookSender:
        return HttpWebhookSender(
            networks=("127.0.0.0/24", "169.254.0.0/16", "fd00:ec2::/32"),
            context=trusting(certificate),
            resolver=resolving(*addresses),
        )

    with Receiver().listening(certificate) as receiver:
        url = f"https://hooks.example:{receiver.port}/"
        assert (await sender("127.0.0.1").send(call(url))).status == 204
        for address in ("127.0.1.1", "10.0.0.1", "169.254.169.254", "fd00:ec2::254"):
            with pytest.raises(WebhookUnreachable, match="DOORWARD_WEBHOOK_NETWORKS"):
                await sender(address).send(call(url))
        with pytest.raises(WebhookUnreachable, match="plain http"):
            await sender("127.0.0.1").send(call(url.replace("https", "http")))
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:21f:cb07::1"])
def test_public_addresses_are_the_administrators_choice(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


async def test_plain_http_is_called_only_where_the_operator_allows_it() -> None:
    with Receiver().listening() as receiver:
        for addresses in (("93.184.216.34",), ("127.0.0.1",)):
            sender = HttpWebhookSender(resolver=resolving(*addresses))
            with pytest.raises(WebhookUnreachable, match="DOORWARD_WEBHOOK_INSECURE"):
                await sender.send(call(f"http://hooks.example:{receiver.port}/"))
        assert receiver.calls == []
        everywhere = HttpWebhookSender(insecure=True, resolver=resolving("127.0.0.1"))
        answer = await everywhere.send(call(f"http://hooks.example:{receiver.port}/"))
        assert answer.status == 204


async def test_a_name_that_means_another_address_by_then_is_asked_for_once() -> None:
    """DNS rebinding: the address that was checked is the one that is called."""
    asked: list[str] = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("169.254.169.254",)

    with Receiver().listening() as receiver:
        sender = HttpWebhookSender(insecure=True, resolver=rebinding)
        answer = await sender.send(call(f"http://hooks.example:{receiver.port}/"))
    assert (answer.status, asked) == (204, ["hooks.example"])


async def test_a_receiver_that_says_its_headers_a_letter_at_a_time_is_cut_off() -> None:
    cut_off = asyncio.Event()

    async def slow_loris(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"HTTP/1.1 200 OK\r\nX: ")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            cut_off.set()

    async with talking(slow_loris) as url:
        with pytest.raises(WebhookUnreachable, match="no answer in time"):
            await HttpWebhookSender(insecure=True, deadline=0.3).send(call(url))
        await asyncio.wait_for(cut_off.wait(), 30)


async def test_a_receiver_that_never_answers_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(silent) as url:
        with pytest.raises(WebhookUnreachable, match="no answer in time"):
            await HttpWebhookSender(insecure=True, deadline=0.3).send(call(url))


async def test_of_an_endless_body_little_is_taken_and_the_status_counts() -> None:
    sent = 0
    cut_off = asyncio.Event()

    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        finally:
            cut_off.set()

    async with talking(endless) as url:
        assert (await HttpWebhookSender(insecure=True).send(call(url))).status == 200
        await asyncio.wait_for(cut_off.wait(), 30)
    assert sent < 64 * 1024 * 1024


async def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async def hanging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nx")
        await reader.read()

    async with talking(hanging) as url:
        assert (await HttpWebhookSender(insecure=True).send(call(url))).status == 202


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00\x01\x02\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 2_000_000,
        b"HTTP/1.1 abc\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_no_answer(garbage: bytes) -> None:
    async def babbling(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        await writer.drain()

    async with talking(babbling) as url:
        with pytest.raises(WebhookUnreachable, match="no connection"):
            await HttpWebhookSender(insecure=True).send(call(url))


async def test_a_host_without_an_address_is_unreachable() -> None:
    async def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(WebhookUnreachable, match="no address"):
        await HttpWebhookSender(resolver=nowhere).send(call("https://hooks.example/"))


async def test_a_proxy_in_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver().listening() as proxy, Receiver().listening() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        await HttpWebhookSender(insecure=True).send(call(receiver.url))
        assert (len(proxy.calls), len(receiver.calls)) == (0, 1)


def test_a_call_shows_no_url_and_no_content() -> None:
    shown = repr(call("https://hooks.example/?token=of-theirs", b"hunter2"))
    assert "of-theirs" not in shown
    assert "hunter2" not in shown
