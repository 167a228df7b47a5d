"""The `WebhookSender` port over HTTP, for URLs that administrators choose, and their AI clients with them. Such a
URL must not be a way into the network, so only https is called, to public addresses and in the networks that the
operator names, unless he allows plain http and every address, this machine's among them. Those at which clouds hand out credentials to whoever asks from
inside are never called, under no name and in no notation. No redirect is followed, since it would be the receiver's
choice and not the administrator's, and no proxy is asked. Certificates are checked against the system's
authorities (``SSL_CERT_FILE`` names others)."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpcore

from adapters.checked_network import Address, CheckedNetwork, NoConnection, Resolve, resolve
from domain.outgoing import WebhookAnswer, WebhookCall, WebhookUnreachable

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
POLITE_SECONDS = 1.0
POLITE_BYTES = 16 * 1024
"""How much of an answer's body is waited for, so that the receiver is not cut off in a sentence; it
means nothing, so the rest is not taken."""

REFUSED = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16",  # link-local (RFC 3927), most clouds' metadata among them
            "fe80::/10",  # link-local (RFC 4291 §2.5.6)
            "0.0.0.0/8",  # this network (RFC 1122 §3.2.1.3): systems take it for themselves
            "::/128",
            "224.0.0.0/4",  # multicast
            "ff00::/8",
            "240.0.0.0/4",  # reserved, and broadcast
            "100.100.100.200/32",  # Alibaba Cloud's metadata
            "168.63.129.16/32",  # Azure's host
            "192.0.0.192/32",  # Oracle Cloud's metadata
            "fd00:ec2::/32",  # Amazon's, over IPv6
            "fd20:ce::254/128",  # Google Cloud's, over IPv6
        ),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NO_PLAIN = "plain http is not called: use https, or set DOORWARD_WEBHOOK_INSECURE=on"
_NO_PRIVATE = (
    "its host has a private address, which is called only where DOORWARD_WEBHOOK_NETWORKS names it"
)
_NO_METADATA = "its host has an address that events are never sent to"


def inner(address: Address) -> Address:
    """Return the IPv4 address that one of IPv6 stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def is_permitted(address: Address) -> bool:
    """Say whether events may be sent to an address."""
    meant = inner(address)
    return not any(one in network for one in (address, meant) for network in REFUSED)


def is_public(address: Address) -> bool:
    """Say whether an address is one of the internet's, and events may be sent to it."""
    return inner(address).is_global and is_permitted(address)


class HttpWebhookSender:
    """Opens a connection for each call and keeps nothing."""

    def __init__(
        self,
        *,
        insecure: bool = False,
        networks: Sequence[str] = (),
        context: ssl.SSLContext | None = None,
        resolver: Resolve = resolve,
        deadline: float = TOTAL_SECONDS,
    ) -> None:
        """`insecure` allows plain http, and private addresses; `networks` are such as are called with https.
        Tests pass their own context and resolver."""
        self._insecure = insecure
        self._networks = [ipaddress.ip_network(one) for one in networks]
        self._context = context
        self._resolver = resolver
        self._deadline = deadline

    async def send(self, call: WebhookCall) -> WebhookAnswer:
        """Return the answer, whatever its status; raises `WebhookUnreachable`."""
        try:
            async with contextlib.AsyncExitStack() as opened:
                async with asyncio.timeout(self._deadline):
                    response = await self._answered(call, opened)
                await _take_politely(response)
        except TimeoutError:
            raise WebhookUnreachable("no answer in time") from None
        except NoConnection as fault:
            raise WebhookUnreachable(str(fault)) from None
        except httpcore.TimeoutException as fault:
            raise WebhookUnreachable(f"no answer in time: {type(fault).__name__}") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as fault:
            why = " ".join(f"{type(fault).__name__}: {fault}".split())
            raise WebhookUnreachable(f"no connection: {why}"[:300]) from None
        headers = {name.lower(): value for name, value in response.headers}
        retry_after = headers.get(b"retry-after")
        return WebhookAnswer(
            response.status, retry_after.decode("latin-1") if retry_after is not None else None
        )

    async def _answered(
        self, call: WebhookCall, opened: contextlib.AsyncExitStack
    ) -> httpcore.Response:
        """Return the response once its headers are there."""
        parts = urlsplit(call.url)
        if parts.scheme == "http" and not self._insecure:
            raise NoConnection(_NO_PLAIN)
        rule = (is_permitted, _NO_METADATA) if self._insecure else (self._reaches, _NO_PRIVATE)
        network = CheckedNetwork(self._resolve, *rule)
        await opened.enter_async_context(network)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._tls(), network_backend=network, retries=0
        )
        await opened.enter_async_context(pool)
        extensions = {
            "timeout": {
                "connect": CONNECT_SECONDS,
                "read": self._deadline,
                "write": self._deadline,
            },
            "sni_hostname": parts.hostname,
        }
        headers = [("user-agent", "Doorward"), ("accept-encoding", "identity")]
        headers += call.headers.items()
        return await opened.enter_async_context(
            pool.stream(
                "POST", call.url, headers=headers, content=call.body, extensions=extensions
            )
        )

    def _reaches(self, address: Address) -> bool:
        meant = inner(address)
        named = any(meant in network for network in self._networks)
        return is_public(address) or (named and is_permitted(address))

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        return await self._resolver(host.strip("[]"), port)

    def _tls(self) -> ssl.SSLContext:
        """Make the context at the first call: it reads the system's authorities."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context


async def _take_politely(response: httpcore.Response) -> None:
    taken = 0
    with contextlib.suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
        async with asyncio.timeout(POLITE_SECONDS):
            async for chunk in response.aiter_stream():
                taken += len(chunk)
                if taken > POLITE_BYTES:
                    return
