"""The `DocumentFetcher` port over HTTPS, for URLs that strangers choose (server-side request forgery:
OAuth client ID metadata documents §6.5, MCP Security Best Practices). The name is resolved once,
every address it has must be public, and the connection goes to the address that was checked, under
the name's own certificate. No redirect is followed, no proxy is asked, nothing goes on for long."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import httpcore

from adapters.checked_network import Address, CheckedNetwork, NoConnection, Resolve, resolve
from domain.ports import DocumentUnavailable, FetchedDocument

DEADLINE_SECONDS = 5.0
SIZE_LIMIT = 32 * 1024
SHORTEST_CACHE, LONGEST_CACHE = 300, 86_400

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is given out; whatever may be one day is refused until then."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""What the resolver of an IPv6-only network answers for a host that has only IPv4 (RFC 6052 §2.1).
The prefix for local use, 64:ff9b:1::/48 (RFC 8215), is none of `GLOBAL_UNICAST`."""
_ELSEWHERE = "its host is not on the open internet"
SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            # `ipaddress` calls these global, in some of the versions that we run on.
            "192.0.0.0/24",  # protocol assignments (RFC 6890), a cloud's metadata among them
            "192.88.99.0/24",  # 6to4 relays (RFC 7526)
            "168.63.129.16/32",  # Azure's host: a public address that answers from inside
            "2002::/16",  # 6to4, which holds any IPv4 address
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


def is_public(address: Address) -> bool:
    """Say whether an address is one of the open internet's, through every way of writing another
    address inside it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in GLOBAL_UNICAST:
            return False
    odd = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not odd and not any(address in one for one in SPECIAL)


class HttpsDocumentFetcher:
    """Fetches one document at a time and keeps nothing."""

    def __init__(
        self,
        *,
        resolver: Resolve = resolve,
        permitted: Callable[[Address], bool] = is_public,
        context: ssl.SSLContext | None = None,
        deadline: float = DEADLINE_SECONDS,
        ports: Sequence[int] = (443,),
    ) -> None:
        """Tests pass their own; the defaults are the strict ones."""
        self._resolver = resolver
        self._permitted = permitted
        self._context = context or ssl.create_default_context()
        self._deadline = deadline
        self._ports = ports

    async def fetch(self, url: str) -> FetchedDocument:
        """Return the document; raises `DocumentUnavailable`."""
        self._check(url)
        try:
            async with asyncio.timeout(self._deadline):
                return await self._get(url)
        except TimeoutError:
            raise DocumentUnavailable("it took too long") from None
        except NoConnection as fault:
            raise DocumentUnavailable(str(fault)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as fault:
            raise DocumentUnavailable(f"no connection: {type(fault).__name__}") from None

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or 443
        except ValueError:
            raise DocumentUnavailable("it is not a URL") from None
        # A name ends in a letter's label: addresses in any base and single names are none.
        if parts.scheme != "https" or not _NAME.fullmatch(parts.hostname or ""):
            raise DocumentUnavailable("it must be https at a host name")
        if parts.username is not None or port not in self._ports:
            raise DocumentUnavailable("a user or another port is not allowed")

    async def _get(self, url: str) -> FetchedDocument:
        async with (
            CheckedNetwork(self._resolver, self._permitted, _ELSEWHERE) as backend,
            httpcore.AsyncConnectionPool(
                ssl_context=self._context, network_backend=backend, retries=0
            ) as pool,
            pool.stream(
                "GET", url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}
            ) as response,
        ):
            headers = {name.lower(): value for name, value in response.headers}
            _check_answer(response.status, headers)
            body = bytearray()
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) > SIZE_LIMIT:
                    raise DocumentUnavailable(f"it has more than {SIZE_LIMIT} bytes")
        return FetchedDocument(bytes(body), _cache_seconds(headers.get(b"cache-control", b"")))


def _check_answer(status: int, headers: dict[bytes, bytes]) -> None:
    if status != 200:  # noqa: PLR2004 - OK; a redirect is not followed
        raise DocumentUnavailable(f"its host answered {status}")
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind != b"application/json" and not re.fullmatch(rb"application/[a-z.-]+\+json", kind):
        raise DocumentUnavailable("it is not JSON")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise DocumentUnavailable("it is compressed")


def _cache_seconds(cache_control: bytes) -> int:
    """Return how long it may be kept (RFC 9111 §5.2.2), neither too short nor too long."""
    if re.search(rb"no-store|no-cache", cache_control, re.IGNORECASE):
        return SHORTEST_CACHE
    found = re.search(rb"max-age=\"?(\d{1,9})", cache_control, re.IGNORECASE)
    return min(max(int(found.group(1)), SHORTEST_CACHE), LONGEST_CACHE) if found else 3_600
