"""The `WebhookSender` port over HTTP, for URLs that administrators choose, and their AI clients with them. Such a
URL must not be a way into the network, so only https is called, to public addresses and in the networks that the
operator names, unless he allows plain http and every address, this machine's among them. Those at which clouds hand
out credentials to whoever asks from inside are never called, under no name and in no notation. No redirect is
followed, since it would be the receiver's choice and not the administrator's, and no proxy is asked. Certificates
are checked against the system's authorities (``SSL_CERT_FILE`` names others)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpcore

from adapters.checked_network import Address, CheckedNetwork, NoConnection, Resolve, resolve
from domain.outgoing import WebhookAnswer, WebhookCall, WebhookUnreachable
from domain.webhook.addresses import is_permitted, reaches

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
POLITE_SECONDS = 1.0
POLITE_BYTES = 16 * 1024
"""How much of an answer's body is waited for, so that the receiver is not cut off in a sentence; it
means nothing, so the rest is not taken."""

_NO_PLAIN = "plain http is not called: use https, or set DOORWARD_WEBHOOK_INSECURE=on"
_NO_PRIVATE = (
    "its host has a private address, which is called only where DOORWARD_WEBHOOK_NETWORKS names it"
)
_NO_METADATA = "its host has an address that events are never sent to"


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
        self._networks = networks
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
        return reaches(address, self._networks)

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
