"""Commands of integrations from NATS, by two ways that lead to one answer: the durable command stream,
whose messages are acknowledged only after their outcome is stored and told, and requests that are
answered at once (`nats.micro`). A message that cannot even be read is set aside whole, as a dead
letter, and ended; one that cannot be answered now comes again. So a command that was taken is never
lost, and one that comes ten times has one outcome.

Each integration's own consumers of events and outcomes are made here too, since no integration may
make any."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig

from adapters import text_service
from adapters.command_service import serve_requests
from adapters.command_subjects import from_stream
from adapters.dead_letters import AdvisoryReader, set_aside
from adapters.integration_consumers import ensure_consumers
from adapters.jetstream import AUTOMATIC, commands_stream, ensure_streams
from adapters.nats_connection import Connect, close, reason
from adapters.outcomes import outcome_message
from adapters.text_service import OpenText
from domain.integration import IntegrationRecord
from domain.ports import (
    READ_ELSEWHERE,
    AnswerCommand,
    CommandOutcome,
    CommandReaderStatus,
    InboundCommand,
    Poison,
    Unavailable,
)
from domain.waking import Bell

CONSUMER = "doorward"
BATCH = 20
FETCH_SECONDS = 5.0
ACK_SECONDS = 30.0
RETRY_SECONDS = 2.0
LOOK_SECONDS = 1.0
"""Between looks at which integrations stand."""
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
FAULTS = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)
_log = logging.getLogger(__name__)

Standing = Callable[[], Mapping[str, IntegrationRecord]]
"""Returns the integrations that stand now; blocking."""


class NatsCommands:
    """Answers commands, from `run` until it is cancelled."""

    def __init__(
        self,
        answer: AnswerCommand,
        connect: Connect,
        tenant: str,
        standing: Standing,
        open_text: OpenText,
        replicas: int = AUTOMATIC,
        *,
        bell: Bell,
    ) -> None:
        """`connect` is called for each session; `replicas` says on how many servers streams are kept."""
        self._answer = answer
        self._connect = connect
        self._tenant = tenant
        self._standing = standing
        self._open_text = open_text
        self._replicas = replicas
        self._status = CommandReaderStatus()
        self._changed = bell
        self._admitted: Mapping[str, IntegrationRecord] = {}

    def status(self) -> CommandReaderStatus:
        """Return how it stands now."""
        return self._status

    def integrations_changed(self) -> None:
        """Say, from any thread, that integrations have come or gone."""
        self._changed.ring()

    async def run(self) -> None:
        """Answer for ever: connect, read, and after any fault begin again."""
        self._status = replace(self._status, reason="not started")
        try:
            await self._answer_for_ever()
        finally:
            self._status = replace(self._status, reason=READ_ELSEWHERE)

    async def _answer_for_ever(self) -> None:
        attempt = 0
        while True:
            before = self._status.answered
            try:
                await self._session()
            except (*FAULTS, Unavailable) as fault:
                self._status = replace(self._status, connected=False, reason=reason(fault))
                if attempt == 0:
                    _log.warning("NATS commands: %s; trying again", reason(fault))
            attempt = 0 if self._status.answered > before else attempt + 1
            await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])

    async def _session(self) -> None:
        """Work over one connection until it fails."""
        client = await self._connect()
        try:
            jetstream = client.jetstream()
            await ensure_streams(jetstream, self._tenant, self._replicas)
            await self._ensure_own_consumer(jetstream)
            advisories = AdvisoryReader(jetstream, self._tenant)
            await advisories.start(client)
            await self._ensure_consumers(jetstream)
            service = await serve_requests(client, self._tenant, self._counted)
            await text_service.offer(service, self._tenant, self._standing, self._open_text)
            self._status = replace(self._status, connected=True, reason="")
            await self._read(client, jetstream)
        finally:
            self._status = replace(self._status, connected=False, reason="not reading")
            await close(client)

    async def _ensure_own_consumer(self, jetstream: JetStreamContext) -> None:
        config = ConsumerConfig(
            durable_name=CONSUMER, ack_wait=ACK_SECONDS, max_deliver=-1, max_ack_pending=BATCH
        )
        await jetstream.add_consumer(commands_stream(self._tenant), config)

    async def _read(self, client: Client, jetstream: JetStreamContext) -> None:
        messages = await jetstream.pull_subscribe_bind(CONSUMER, commands_stream(self._tenant))
        reading = asyncio.create_task(self._fetch(client, messages, jetstream))
        watching = asyncio.create_task(self._keep_consumers(jetstream))
        both = {reading, watching}
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        for one in done:
            one.result()

    async def _keep_consumers(self, jetstream: JetStreamContext) -> None:
        """Let every integration have its consumers, and nobody else, whichever process added it."""
        while True:
            await self._changed.wait(LOOK_SECONDS)
            if await asyncio.to_thread(self._standing) != self._admitted:
                await self._ensure_consumers(jetstream)

    async def _ensure_consumers(self, jetstream: JetStreamContext) -> None:
        standing = await asyncio.to_thread(self._standing)
        await ensure_consumers(jetstream, self._tenant, standing)
        self._admitted = standing

    async def _fetch(
        self,
        client: Client,
        messages: JetStreamContext.PullSubscription,
        jetstream: JetStreamContext,
    ) -> None:
        while not client.is_closed:
            try:
                batch = await messages.fetch(BATCH, FETCH_SECONDS)
            except TimeoutError:
                await client.flush(timeout=5)
                continue
            # One by one: commands on one request are answered in the order in which they came.
            for message in batch:
                await self._take(message, jetstream)

    async def _take(self, message: Msg, jetstream: JetStreamContext) -> None:
        try:
            command = from_stream(self._tenant, message.subject, message.headers, message.data)
            outcome = await self._counted(command)
        except Poison as why:
            await set_aside(jetstream, self._tenant, message, CONSUMER, str(why))
            await message.term()
            self._status = replace(self._status, set_aside=self._status.set_aside + 1)
        except Unavailable:
            await message.nak(delay=RETRY_SECONDS)
        else:
            told = outcome_message(outcome, self._tenant, command.principal)
            await jetstream.publish(told.subject, told.payload, headers=told.headers)
            await message.ack_sync(timeout=5)

    async def _counted(self, command: InboundCommand) -> CommandOutcome:
        outcome = await self._answer(command)
        self._status = replace(self._status, answered=self._status.answered + 1)
        return outcome
