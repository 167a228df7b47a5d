"""NATS as the server uses it: who publishes, who reads commands, which integrations are let in, and
whether the server that is there is a safe one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nats.aio.client import Client

from adapters.checkpoint_stream import NatsCheckpoints
from adapters.jetstream import ensure_streams
from adapters.nats_accounts import EngineUser, accounts, new_nats_key, public_nats_key
from adapters.nats_attacks import Scene, try_attacks
from adapters.nats_commands import NatsCommands
from adapters.nats_connection import (
    BadNatsFile,
    Connect,
    NatsAccess,
    close,
    connect,
    connector,
    reason,
)
from adapters.nats_publisher import NatsPublisher
from adapters.nats_server import EmbeddedNatsServer, NatsServerFailed
from domain.checkpoint import CheckpointStream
from domain.integration import IntegrationRecord, Right
from domain.messaging import NatsCheck
from domain.ports import (
    AnswerCommand,
    CommandReader,
    EventStore,
    IntegrationKey,
    Publisher,
)
from projections.integrations import integrations
from server.config import Settings
from server.follower import Growth
from server.reads import Reads
from server.setting_parsers import EMBEDDED, OFF
from server.wiring.nats_desk import NatsDesk
from server.wiring.start_failures import StartFailed

LEAST_VERSION = (2, 12, 8)
"""The oldest nats-server without the known faults of streams and of replies between accounts."""
PROBES = ("doctor-a", "doctor-b")
EVERYTHING = (Right.DECIDE, Right.FULFIL, Right.SUBSCRIBE)
PUBLISHER_SEED, READER_SEED = "publisher.nk", "reader.nk"


class Nats:
    """The way to NATS. It is there before it is open: integrations may be added meanwhile, and are
    let in when it opens."""

    def __init__(
        self, settings: Settings, store: EventStore, reads: Reads, growth: Growth
    ) -> None:
        self._settings = settings
        self._store = store
        self._reads = reads
        self._growth = growth
        self._server: EmbeddedNatsServer | None = None
        self._reader: CommandReader | None = None
        self._publisher: Publisher | None = None

    @contextmanager
    def open(self) -> Iterator[Publisher | None]:
        """Open the way out, with a server of our own where asked; None if NATS is off. Call it from
        the main thread: the embedded server ends with the thread that started it."""
        url = self._settings.nats_url
        if url == OFF:
            yield None
            return
        with ExitStack() as opened:
            if url == EMBEDDED:
                self._server = self._started()
                opened.callback(self._server.close)
            publisher = NatsPublisher(self._store, self._publishing(), self._settings.tenant)
            self._growth.tell(publisher.wake)
            self._publisher = publisher
            yield publisher

    def _started(self) -> EmbeddedNatsServer:
        try:
            server = EmbeddedNatsServer(self._settings.data_dir / "nats", self._settings.tenant)
            server.admit(self.standing())
            server.start()
        except NatsServerFailed as fault:
            raise StartFailed(f"NATS: {fault}") from None
        return server

    def reader(self, answer: AnswerCommand) -> CommandReader | None:
        """Return what reads commands, None if NATS is off."""
        if self._settings.nats_url == OFF:
            return None
        self._reader = NatsCommands(
            answer,
            self._reading(),
            self._settings.tenant,
            self.standing,
            self._store.open_text,
        )
        return self._reader

    @property
    def command_reader(self) -> CommandReader | None:
        """What reads commands, if anything does."""
        return self._reader

    def standing(self) -> dict[str, IntegrationRecord]:
        """Return the integrations that stand; blocking."""
        found = self._reads.blocking(integrations)
        return {
            one.name: IntegrationRecord(one.rights, one.apps, one.nkey, one.signing_key)
            for one in found
        }

    def integrations_changed(self) -> None:
        """Let in who stands now, and nobody else; blocking."""
        if self._server is not None:
            self._server.admit(self.standing())
        if self._reader is not None:
            self._reader.integrations_changed()

    @property
    def public_url(self) -> str:
        """Where integrations connect; empty while that is not known."""
        if self._server is not None:
            return self._server.public_url
        url = self._settings.nats_url
        return "" if url in (EMBEDDED, OFF) else url.rsplit("@", 1)[-1]

    @property
    def desk(self) -> NatsDesk:
        """Where an operator asks; raises `StartFailed` if NATS is off or not running."""
        url = self._settings.nats_url
        if url == OFF or (url == EMBEDDED and self._server is None):
            raise StartFailed("NATS is off, or runs with the server alone: start it first")
        return NatsDesk(self._reading(), self._settings.tenant)

    @property
    def checkpoints(self) -> CheckpointStream | None:
        """Where checkpoints are kept, None if NATS is off."""
        if self._settings.nats_url == OFF:
            return None
        return NatsCheckpoints(self._connected, self._settings.tenant)

    @property
    def publisher(self) -> Publisher | None:
        """What publishes, while it is open."""
        return self._publisher

    def new_key(self) -> IntegrationKey:
        """Return a new key for an integration."""
        return new_nats_key()

    def configuration(self) -> str:
        """Return the accounts of a nats-server of one's own, for Doorward and all integrations."""
        folder = self._settings.data_dir / "nats"
        publisher, reader = (
            EngineUser(nkey=_public_key(folder / name)) for name in (PUBLISHER_SEED, READER_SEED)
        )
        return accounts(self._settings.tenant, publisher, reader, self.standing())

    async def _connected(self) -> Client:
        """Connect as the publisher does, once there is a server."""
        if self._settings.nats_url == EMBEDDED and self._server is None:
            raise OSError("the embedded server runs with doorward serve alone")
        return await self._publishing()()

    def _publishing(self) -> Connect:
        server = self._server
        if server is not None:
            return lambda: connect(server.url)
        return self._connector(self._settings.nats_credentials, PUBLISHER_SEED)

    def _reading(self) -> Connect:
        server = self._server
        if server is not None:
            return lambda: connect(server.reader_url)
        settings = self._settings
        return self._connector(
            settings.nats_reader_credentials or settings.nats_credentials, READER_SEED
        )

    def _connector(self, credentials: Path | None, own: str) -> Connect:
        """Sign in as the settings say, else with the key that `configuration` made, if it did."""
        seed = self._settings.data_dir / "nats" / own
        found = credentials or (seed if seed.exists() else None)
        try:
            return connector(self._access(self._settings.nats_url, credentials=found))
        except BadNatsFile as fault:
            raise StartFailed(str(fault)) from None

    def _access(
        self, url: str, *, credentials: Path | None = None, seed: str | None = None
    ) -> NatsAccess:
        settings = self._settings
        return NatsAccess(
            url,
            credentials,
            settings.nats_ca,
            settings.nats_cert,
            settings.nats_key,
            settings.nats_tls_first,
            seed,
        )

    def check(self, name: str = "", seed: str = "") -> NatsCheck:
        """Try the attacks with the rights of an integration, and look at version and streams;
        blocking. On the embedded server the integration is made up for the while; elsewhere its
        name and seed are needed. Raises `StartFailed`."""
        if self._settings.nats_url == OFF:
            raise StartFailed("NATS is off; there is nothing to check")
        server = self._server
        if server is None:
            if not seed:
                raise StartFailed("name an integration and its seed file to try the attacks with")
            return self._checked(name, PROBES[1], lambda: self._as_integration(seed))
        key, victim = new_nats_key(), new_nats_key()
        probes = {
            PROBES[0]: IntegrationRecord(EVERYTHING, nkey=key.public),
            PROBES[1]: IntegrationRecord(EVERYTHING, nkey=victim.public),
        }
        server.admit({**self.standing(), **probes})
        try:
            return self._checked(
                *PROBES, lambda: lambda: connect(server.public_url, nkeys_seed_str=key.secret)
            )
        finally:
            server.admit(self.standing())

    def _as_integration(self, seed: str) -> Connect:
        settings = self._settings
        url = settings.nats_url.rsplit("@", 1)[-1]
        scheme = settings.nats_url.split("://", 1)[0]
        plain = url if "://" in url else f"{scheme}://{url}"
        return connector(self._access(plain, seed=seed))

    def _checked(self, name: str, victim: str, attacker: Callable[[], Connect]) -> NatsCheck:
        try:
            return asyncio.run(self._check(name, victim, attacker()))
        except Exception as fault:
            raise StartFailed(f"NATS: {reason(fault)}") from fault

    async def _check(self, name: str, victim: str, attacker: Connect) -> NatsCheck:
        engine = await self._publishing()()
        reader = await self._reading()()
        attacking = await attacker()
        try:
            drift = await ensure_streams(engine.jetstream(), self._settings.tenant)
            scene = Scene(attacking, name, victim, reader, self._settings.tenant)
            version = engine.connected_server_version
            numbers = (version.major, version.minor, version.patch)
            return NatsCheck(
                version=".".join(map(str, numbers)),
                recent=numbers >= LEAST_VERSION,
                drift=tuple(map(str, drift)),
                attacks=tuple(await try_attacks(scene)),
            )
        finally:
            for client in (engine, reader, attacking):
                await close(client)


def _public_key(path: Path) -> str:
    """Return the public key of a seed in the data folder, made at the first call."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(new_nats_key().secret)
    return public_nats_key(path.read_text().strip())
