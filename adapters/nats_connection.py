"""One connection to NATS, made fresh for each session: nats-py closes for good on most errors and
buffers what it cannot send, so whoever uses a connection gives it up at the first fault and begins
again with another. Of a cluster any server will do: they are tried in random order, the next one as
soon as one refuses or keeps silent for half a second."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import nats.errors
from nats.aio.client import Client

from adapters.nats_client import RobustClient

HEAD_START = 0.5
"""Seconds in which a server may answer before another is tried beside it."""

Connect = Callable[[], Awaitable[Client]]
"""Makes a new connection; raises a `nats.errors.Error`, `OSError` or `TimeoutError`."""


class BadNatsFile(Exception):  # noqa: N818 - says what is
    """A certificate, key or credentials file is missing or not what it should be."""


@dataclass(frozen=True, slots=True)
class NatsAccess:
    """Where NATS is and how Doorward signs in there.

    `url` names one server, or several of a cluster by comma;
    `credentials` is a file with an NKey seed (``SU...``) or a credentials file with JWT and seed,
    `seed` the seed itself;
    `ca`, `cert` and `key` are PEM files; `tls_first` begins TLS before the server's greeting.
    """

    url: str = field(repr=False)
    credentials: Path | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    tls_first: bool = False
    seed: str | None = field(default=None, repr=False)


def connector(access: NatsAccess) -> Connect:
    """Return what connects so; raises `BadNatsFile` for files that cannot be used."""
    seed, file = _credentials(access.credentials)
    options: dict[str, object] = {"nkeys_seed_str": seed or access.seed, "user_credentials": file}
    context = _tls(access)
    if context is not None:
        options |= {"tls": context, "tls_handshake_first": access.tls_first}
    return partial(connect, access.url, **options)


def _credentials(path: Path | None) -> tuple[str | None, str | None]:
    if path is None:
        return None, None
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise BadNatsFile(f"the NATS credentials {path} cannot be read") from None
    if text.startswith("SU"):
        return text, None
    if "BEGIN NATS USER JWT" not in text:
        raise BadNatsFile(f"{path} holds neither an NKey seed nor NATS credentials")
    return None, str(path)


def _tls(access: NatsAccess) -> ssl.SSLContext | None:
    encrypted = any(one.startswith(("tls://", "wss://")) for one in access.url.split(","))
    if not (encrypted or access.ca or access.cert or access.tls_first):
        return None
    try:
        context = ssl.create_default_context(cafile=str(access.ca) if access.ca else None)
        if access.cert is not None:
            context.load_cert_chain(access.cert, access.key)
    except (OSError, ssl.SSLError) as fault:
        why = getattr(fault, "strerror", None) or fault
        raise BadNatsFile(f"the certificates for NATS cannot be used: {why}") from None
    return context


async def connect(url: str, **options: object) -> Client:
    """Connect once, to any of the servers named by comma, failing fast; after that a lost connection
    ends the session. Raises what the last server answered if none lets us in."""
    servers = url.split(",")
    if len(servers) == 1:
        return await _connect(url, **options)
    # The order is no secret: it spreads connections over servers.
    return await _first(random.sample(servers, len(servers)), options)


async def _first(servers: Sequence[str], options: dict[str, object]) -> Client:
    waiting, trying = list(servers), set[asyncio.Task[Client]]()
    fault: BaseException | None = None
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(_connect(waiting.pop(), **options)))
            patience = HEAD_START if waiting else None
            done, trying = await asyncio.wait(
                trying, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            connected = [one for one in done if one.exception() is None]
            if connected:
                trying |= set(connected[1:])
                return connected[0].result()
            fault = next((one.exception() for one in done), fault)
    finally:
        await _give_up(trying)
    assert fault is not None  # noqa: S101 - there was a server, and none that let us in
    raise fault


async def _give_up(trying: set[asyncio.Task[Client]]) -> None:
    for one in trying:
        one.cancel()
    for late in await asyncio.gather(*trying, return_exceptions=True):
        if isinstance(late, Client):
            await close(late)


async def _connect(url: str, **options: object) -> Client:
    client = RobustClient()
    try:
        async with asyncio.timeout(10):
            await client.connect(
                url,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                connect_timeout=5,
                ping_interval=10,
                max_outstanding_pings=2,
                pending_size=8 * 1024 * 1024,
                error_cb=_ignore,
                **options,  # type: ignore[arg-type]  # by name, as `connector` made them
            )
    except BaseException:
        # A half-made connection (no greeting, or cancelled) would keep its socket open.
        await close(client)
        raise
    return client


async def close(client: Client) -> None:
    """Close a connection, whatever state it is in. The library stops half way where a server takes no more
    bytes, or a connection broke while it was being made, and offers no way to end what is left then."""
    with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
        async with asyncio.timeout(2):
            await client.close()
    for subscription in client._subs.values():  # noqa: SLF001
        subscription._stop_processing()  # noqa: SLF001
    client._subs.clear()  # noqa: SLF001
    writer = getattr(client._transport, "_io_writer", None)  # noqa: SLF001
    if isinstance(writer, asyncio.StreamWriter):
        # It would wait for ever until what is written has gone.
        writer.transport.abort()


def without_credentials(url: str) -> str:
    """Return where the servers are, for whoever signs in with keys of his own."""
    found = []
    for server in url.split(","):
        scheme, _, rest = server.partition("://")
        found.append(f"{scheme}://{rest.rpartition('@')[2]}")
    return ",".join(found)


async def _ignore(_fault: Exception) -> None:
    """Take nats-py's report of a fault; the session meets the same one and says it once."""


def reason(fault: Exception) -> str:
    """Return why, without the URL: it may hold credentials."""
    return str(fault).split("://", maxsplit=1)[0] or type(fault).__name__
