"""Fetching what strangers point at, without being led inside (draft-ietf-oauth-client-id-metadata-
document §6.5; MCP, Security Best Practices: server-side request forgery)."""

from __future__ import annotations

import asyncio
import gc
import gzip
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.checked_network import Address
from adapters.document_fetcher import HttpsDocumentFetcher, is_public
from domain.ports import DocumentUnavailable

pytestmark = pytest.mark.anyio
HOST = "client.example"
JSON = b"Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of `HOST`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "host.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@dataclass
class Site:
    """A real HTTPS server on this machine, and a fetcher that finds it under `HOST`."""

    certificate: Path
    answer: bytes = b""
    hang: bool = False
    port: int = 0
    asked: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/client.json"

    def fetcher(self, *, deadline: float = 5, addresses: Sequence[str] = ("127.0.0.1",)) -> object:
        async def resolver(host: str, _port: int) -> Sequence[str]:
            self.resolved.append(host)
            return addresses

        return HttpsDocumentFetcher(
            resolver=resolver,
            permitted=lambda address: address.is_loopback,
            context=ssl.create_default_context(cafile=self.certificate),
            deadline=deadline,
            ports=(self.port,),
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        if self.hang:
            await reader.read()
        writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Site]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


def answered(body: bytes, *, status: str = "200 OK", headers: bytes = JSON) -> bytes:
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    return f"HTTP/1.1 {status}\r\n".encode() + headers + length + body


async def fetched(site: Site, **how: object) -> object:
    fetcher = site.fetcher(**how)  # type: ignore[arg-type]  # by name
    assert isinstance(fetcher, HttpsDocumentFetcher)
    return await fetcher.fetch(site.url)


async def test_a_document_comes_from_the_checked_address_under_its_own_name(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate and the Host header are the name's; no proxy is asked."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with Site(certificate, answered(b'{"a":1}')).running() as site:
        document = await fetched(site)
    assert document.body == b'{"a":1}'  # type: ignore[attr-defined]
    assert site.names == [HOST]
    assert site.resolved == [HOST], "resolved once"
    assert f"Host: {HOST}:{site.port}".lower().encode() in site.asked[0].lower()
    assert b"cookie" not in site.asked[0].lower()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answered(b"", status="302 Found", headers=b"Location: https://x.example/\r\n"), "302"),
        (answered(b"{}", status="404 Not Found"), "404"),
        (answered(b"{}", headers=b"Content-Type: text/html\r\n"), "not JSON"),
        (answered(b"{}", headers=b""), "not JSON"),
        (answered(b"x" * 40_000), "more than"),
        (answered(gzip.compress(b"{}"), headers=JSON + b"Content-Encoding: gzip\r\n"), "compress"),
        (b"SSH-2.0-OpenSSH\r\n", "no connection"),
        (b"", "no connection"),
    ],
)
async def test_anything_but_a_small_json_document_is_refused(
    certificate: Path, answer: bytes, why: str
) -> None:
    async with Site(certificate, answer).running() as site:
        with pytest.raises(DocumentUnavailable, match=why):
            await fetched(site)
    assert len(site.asked) == 1, "no redirect is followed, nothing is tried again"


async def test_a_host_that_drips_is_given_up(certificate: Path) -> None:
    endless = answered(b"{}").replace(b"Content-Length: 2", b"Content-Length: 20")
    async with Site(certificate, endless, hang=True).running() as site:
        with pytest.raises(DocumentUnavailable, match="too long"):
            await fetched(site, deadline=0.2)


async def test_another_certificate_is_no_connection(certificate: Path) -> None:
    async with Site(certificate, answered(b"{}")).running() as site:

        async def resolver(_host: str, _port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        strict = HttpsDocumentFetcher(
            resolver=resolver, permitted=lambda one: one.is_loopback, ports=(site.port,)
        )
        with pytest.raises(DocumentUnavailable, match="no connection"):
            await strict.fetch(site.url)
    assert site.asked == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"", 3_600),
        (b"Cache-Control: max-age=1000\r\n", 1_000),
        (b"Cache-Control: max-age=1\r\n", 300),
        (b"Cache-Control: public, max-age=99999999\r\n", 86_400),
        (b"Cache-Control: no-store\r\n", 300),
    ],
)
async def test_it_is_kept_for_as_long_as_its_host_says_within_bounds(
    certificate: Path, header: bytes, seconds: int
) -> None:
    """RFC 9111 §5.2.2."""
    async with Site(certificate, answered(b"{}", headers=JSON + header)).running() as site:
        document = await fetched(site)
    assert document.cache_seconds == seconds  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "192.0.0.192",
        "192.88.99.1",
        "168.63.129.16",
        "fec0::1",
        "3fff::1",
        "2002:808:808::",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
async def test_an_address_inside_is_never_connected_to(address: str) -> None:
    """Also where it is written inside another (RFC 4291 §2.5.5, RFC 6052, RFC 3056, RFC 4380)."""
    assert not is_public(ipaddress.ip_address(address))
    for answers in ([address], ["93.184.216.34", address]):

        async def resolver(_host: str, _port: int, found: list[str] = answers) -> Sequence[str]:
            return found

        with pytest.raises(DocumentUnavailable, match="not on the open internet"):
            await HttpsDocumentFetcher(resolver=resolver).fetch(f"https://{HOST}/x")


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "8.8.8.8", "64:ff9b::808:808"]
)
def test_the_open_internet_is_open(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


async def test_the_next_address_is_tried_where_the_first_does_not_listen(
    certificate: Path,
) -> None:
    """RFC 6724 §2: whoever gets a list of addresses tries the next one."""
    async with Site(certificate, answered(b"{}")).running() as site:
        document = await fetched(site, addresses=["127.0.0.2", "127.0.0.1"])
    assert document.body == b"{}"  # type: ignore[attr-defined]
    assert site.resolved == [HOST]


async def test_a_handshake_that_is_given_up_is_closed_at_once() -> None:
    """MCP BP, SSRF: a stranger's host may not make the server collect open sockets."""
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass
        left.set()
        writer.close()

    async def resolver(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gc.disable()
    try:
        async with server:
            fetcher = HttpsDocumentFetcher(
                resolver=resolver,
                permitted=lambda one: one.is_loopback,
                deadline=0.2,
                ports=(port,),
            )
            with pytest.raises(DocumentUnavailable, match="too long"):
                await fetcher.fetch(f"https://{HOST}:{port}/x")
            await asyncio.wait_for(left.wait(), 30)
    finally:
        gc.enable()


async def test_a_name_that_changes_its_mind_gains_nothing(certificate: Path) -> None:
    """DNS rebinding: what was checked is what is connected to, from one resolution."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    checked: list[Address] = []
    async with Site(certificate, answered(b"{}")).running() as site:

        async def resolver(_host: str, _port: int) -> Sequence[str]:
            return answers.pop(0)

        def permitted(address: Address) -> bool:
            checked.append(address)
            return address.is_loopback

        fetcher = HttpsDocumentFetcher(
            resolver=resolver,
            permitted=permitted,
            context=ssl.create_default_context(cafile=certificate),
            ports=(site.port,),
        )
        assert (await fetcher.fetch(site.url)).body == b"{}"
    assert (len(checked), answers) == (1, [["10.0.0.1"]])


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://017700000001/x",
        "https://0x7f.1/x",
        "https://[::1]/x",
        "https://localhost/x",
        "https://client.example:22/x",
        "https://user@client.example/x",
        "https://client.example:99999/x",
        "https://[/x",
        "https:///x",
        "file:///etc/passwd",
        "https://client_.example./x",
        "",
    ],
)
async def test_a_url_that_is_not_plain_https_at_a_name_is_not_even_resolved(url: str) -> None:
    async def resolver(_host: str, _port: int) -> Sequence[str]:
        raise AssertionError("resolved")

    with pytest.raises(DocumentUnavailable):
        await HttpsDocumentFetcher(resolver=resolver).fetch(url)
