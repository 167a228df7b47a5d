"""One connection to NATS, made fresh for each session: nats-py closes for good on most errors and
buffers what it cannot send, so whoever uses a connection gives it up at the first fault and begins
again with another."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import nats.errors
from nats.aio.client import Client

from adapters.nats_client import RobustClient

Connect = Callable[[], Awaitable[Client]]
"""Makes a new connection; raises a `nats.errors.Error`, `OSError` or `TimeoutError`."""


class BadNatsFile(Exception):  # noqa: N818 - says what is
    """A certificate, key or credentials file is missing or not what it should be."""


@dataclass(frozen=True, slots=True)
class NatsAccess:
    """Where NATS is and how Doorward signs in there.

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
    encrypted = access.url.startswith(("tls://", "wss://"))
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
    """Connect once, failing fast; after that a lost connection ends the session."""
    client = RobustClient()
    try:
        await asyncio.wait_for(
            client.connect(
                url,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                connect_timeout=5,
                ping_interval=10,
                max_outstanding_pings=2,
                pending_size=8 * 1024 * 1024,
                error_cb=_ignore,
                **options,  # type: ignore[arg-type]  # by name, as `connector` made them
            ),
            timeout=10,
        )
    except BaseException:
        # A half-made connection (no greeting, or cancelled) would keep its socket open.
        await close(client)
        raise
    return client


async def close(client: Client) -> None:
    """Close a connection, whatever state it is in."""
    with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
        await asyncio.wait_for(client.close(), 2)
    # One that broke while it was being made counts as closed, and keeps its socket.
    transport = client._transport  # noqa: SLF001 - the library offers no other way
    if transport is not None:
        transport.close()  # type: ignore[no-untyped-call]  # of the library


async def _ignore(_fault: Exception) -> None:
    """Take nats-py's report of a fault; the session meets the same one and says it once."""


def reason(fault: Exception) -> str:
    """Return why, without the URL: it may hold credentials."""
    return str(fault).split("://", maxsplit=1)[0] or type(fault).__name__
