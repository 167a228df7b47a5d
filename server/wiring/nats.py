"""NATS as the server uses it: who publishes, who reads commands, which integrations are let in, and
whether the server that is there is a safe one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nats.aio.client import Client

from adapters.checkpoint_stream import NatsCheckpoints
from adapters.nats_accounts import accounts, new_nats_key
from adapters.nats_commands import NatsCommands
from adapters.nats_connection import (
    BadNatsFile,
    Connect,
    NatsAccess,
    connect,
    connector,
    without_credentials,
)
from adapters.nats_publisher import NatsPublisher
from adapters.nats_server import EmbeddedNatsServer, Keep, NatsServerFailed
from domain.checkpoint import CheckpointStream
from domain.integration import IntegrationKey, IntegrationRecord, Right
from domain.messaging import NatsCheck
from domain.ports import (
    AnswerCommand,
    CommandReader,
    EventStore,
    Publisher,
)
from projections.integrations import integrations
from server.config import Settings
from server.failures import StartFailed
from server.follower import Growth
from server.reads import Reads
from server.setting_parsers import EMBEDDED, OFF
from server.telemetry.publishing import PublishedSpans
from server.telemetry.spans import UNTRACED, Tracing
from server.waking import LoopBell
from server.wiring import nats_seeds
from server.wiring.nats_desk import NatsDesk
from server.wiring.nats_doctor import NatsDoctor
from server.wiring.nats_seeds import engine_users, seed_file
from server.workers.kept_process import KeptProcess

PROBES = ("doctor-a", "doctor-b")
EVERYTHING = (Right.DECIDE, Right.FULFIL, Right.SUBSCRIBE)
PUBLISHING_REST = 0.01
"""Seconds between two looks at the log: so many events more go out together, and each as soon as before."""


class Nats:
    """The way to NATS. It is there before it is open: integrations may be added meanwhile, and are
    let in when it opens."""

    def __init__(
        self,
        settings: Settings,
        store: EventStore,
        reads: Reads,
        growth: Growth,
        tracing: Tracing = UNTRACED,
    ) -> None:
        self._settings = settings
        self._tracing = tracing
        self._store = store
        self._reads = reads
        self._growth = growth
        self._server: EmbeddedNatsServer | None = None
        self._admitted: dict[str, IntegrationRecord] = {}
        self._reader: CommandReader | None = None
        self._publisher: Publisher | None = None

    @contextmanager
    def open(self, keep: Keep = KeptProcess) -> Iterator[Publisher | None]:
        """Open the way out, with a server of our own where asked, which `keep` keeps running; None if
        NATS is off."""
        url = self._settings.nats_url
        if url == OFF:
            yield None
            return
        with ExitStack() as opened:
            if url == EMBEDDED:
                self._server = self._started(keep)
                opened.callback(self._server.close)
            publisher = self.publisher
            if publisher is not None:
                self._growth.tell(publisher.wake)
            yield publisher

    def _started(self, keep: Keep) -> EmbeddedNatsServer:
        try:
            server = EmbeddedNatsServer(self._settings.data_dir / "nats", self._settings.tenant)
            server.admit(self.standing())
            server.start(keep)
            # It may have been running already, with those whom another process let in.
            server.admit_those(self.standing)
        except NatsServerFailed as fault:
            raise StartFailed(f"NATS: {fault}") from None
        return server

    def _embedded(self) -> EmbeddedNatsServer | None:
        """Return our own server, also where another process keeps it running."""
        if self._server is None and self._settings.nats_url == EMBEDDED:
            found = EmbeddedNatsServer(self._settings.data_dir / "nats", self._settings.tenant)
            self._server = found if found.attach() else None
        return self._server

    def reader(self, answer: AnswerCommand) -> CommandReader | None:
        """Return what reads commands, None if NATS is off."""
        if self._settings.nats_url == OFF:
            return None
        self._reader = NatsCommands(
            answer,
            self._reading(),
            self._settings.tenant,
            self._let_in,
            self._store.open_text,
            self._settings.nats_replicas,
            bell=LoopBell(),
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

    def _let_in(self) -> dict[str, IntegrationRecord]:
        """Return the integrations that stand; our own server lets them in, whichever process, on whichever
        machine, has added them."""
        standing = self.standing()
        if self._server is not None and standing != self._admitted:
            self._server.admit_those(self.standing)
            self._admitted = standing
        return standing

    def integrations_changed(self) -> None:
        """Let in who stands now, and nobody else; blocking."""
        if (server := self._embedded()) is not None:
            server.admit_those(self.standing)
        if self._reader is not None:
            self._reader.integrations_changed()

    @property
    def public_url(self) -> str:
        """Where integrations connect; empty while that is not known."""
        if (server := self._embedded()) is not None:
            return server.public_url
        url = self._settings.nats_url
        return "" if url in (EMBEDDED, OFF) else without_credentials(url)

    @property
    def desk(self) -> NatsDesk:
        """Where an operator asks; raises `StartFailed` if NATS is off or not running."""
        url = self._settings.nats_url
        if url == OFF or (url == EMBEDDED and self._embedded() is None):
            raise StartFailed("NATS is off, or runs with the server alone: start it first")
        return NatsDesk(self._reading(), self._settings.tenant)

    @property
    def checkpoints(self) -> CheckpointStream | None:
        """Where checkpoints are kept, None if NATS is off."""
        if self._settings.nats_url == OFF:
            return None
        return NatsCheckpoints(
            self._connected, self._settings.tenant, self._settings.nats_replicas
        )

    @property
    def publisher(self) -> Publisher | None:
        """What publishes, None if NATS is off: where it does not run, it can tell and resume all the same."""
        if self._publisher is None and self._settings.nats_url != OFF:
            self._publisher = NatsPublisher(
                self._store,
                self._connected,
                self._settings.tenant,
                self._settings.nats_replicas,
                PublishedSpans(self._tracing),
                bell=LoopBell(PUBLISHING_REST),
                stuck=self._renew,
            )
        return self._publisher

    def _renew(self) -> None:
        """Let the server be started again, if it is ours."""
        if (server := self._embedded()) is not None:
            server.renew()

    def new_key(self) -> IntegrationKey:
        """Return a new key for an integration."""
        return new_nats_key()

    def configuration(self) -> str:
        """Return the accounts of a nats-server of one's own, for Doorward and all integrations."""
        publisher, reader = engine_users(self._settings)
        return accounts(self._settings.tenant, publisher, reader, self.standing())

    async def _connected(self) -> Client:
        """Connect as the publisher does, once there is a server."""
        if self._settings.nats_url == EMBEDDED and self._embedded() is None:
            raise OSError("the embedded server runs with doorward serve alone")
        return await self._publishing()()

    def _publishing(self) -> Connect:
        server = self._server
        if server is not None:
            return lambda: connect(server.url)
        return self._connector(self._settings.nats_credentials, nats_seeds.PUBLISHER)

    def _reading(self) -> Connect:
        server = self._server
        if server is not None:
            return lambda: connect(server.reader_url)
        settings = self._settings
        return self._connector(
            settings.nats_reader_credentials or settings.nats_credentials, nats_seeds.READER
        )

    def _connector(self, credentials: Path | None, own: str) -> Connect:
        """Sign in as the settings say, else with the key that `configuration` made, if it did."""
        seed = seed_file(self._settings, own)
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
        server = self._embedded()
        if server is None:
            if not seed:
                raise StartFailed("name an integration and its seed file to try the attacks with")
            return self._doctor.check(name, PROBES[1], lambda: self._as_integration(seed))
        key, victim = new_nats_key(), new_nats_key()
        probes = {
            PROBES[0]: IntegrationRecord(EVERYTHING, nkey=key.public),
            PROBES[1]: IntegrationRecord(EVERYTHING, nkey=victim.public),
        }
        server.admit({**self.standing(), **probes})
        try:
            return self._doctor.check(
                *PROBES, lambda: lambda: connect(server.public_url, nkeys_seed_str=key.secret)
            )
        finally:
            server.admit_those(self.standing)

    def _as_integration(self, seed: str) -> Connect:
        return connector(self._access(without_credentials(self._settings.nats_url), seed=seed))

    @property
    def _doctor(self) -> NatsDoctor:
        settings = self._settings
        return NatsDoctor(
            settings.tenant, settings.nats_replicas, self._publishing(), self._reading()
        )
