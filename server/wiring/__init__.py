"""Which adapter stands behind which port. Everything is opened here and closed in reverse order;
nobody else in the server knows a database, NATS, the clock or the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from adapters import cloud_events, duty_table, publisher_rows
from adapters.system import new_id, utc_now
from domain.duties import CHECKPOINTS, following
from domain.outgoing import EventApps, EventBodies, Mailer, WebhookSender
from domain.ports import (
    Clock,
    DocumentFetcher,
    EventStore,
    NewId,
    SigningKeys,
)
from projections import (
    access_requests,
    approver_references,
    audit_trail,
    catalog,
    consents,
    features,
    groups,
    holdings,
    identities,
    inbox,
    integrations,
    memberships,
    people,
    policies,
    request_history,
    resource_servers,
    timers,
    token_families,
    webhooks,
)
from projections.catalog.search import vectors
from server import follower, idempotency, shapes, write_trial
from server.audit.checkpoints import rows as checkpoint_rows
from server.audit.checkpoints.checkpointing import Checkpointing
from server.catalog.thesaurus_file import ThesaurusFile
from server.command_bus import CommandBus, Reactions
from server.config import Settings
from server.duties import Rota
from server.failures import StartFailed, StoreInUse
from server.follower import Follower, Growth
from server.handlers import HANDLERS
from server.integrations import command_outcomes
from server.mail import outbox
from server.mail.request_mails import mail_reactions
from server.oauth import authorization_server
from server.reactions import REACTIONS, joined
from server.reads import Reads
from server.scim import tokens as scim_tokens
from server.scratch import Scratch
from server.semantic.meaning import Meaning
from server.sign_in import pending_sign_ins
from server.telemetry.bus_notes import BusNotes
from server.telemetry.telemetry import SILENT, Telemetry
from server.webhooks import cursors, failures, sealed_secrets
from server.wiring import key_rings
from server.wiring.checkpoints import places
from server.wiring.duties import open_duties
from server.wiring.keys import checkpoint_keys, personal_keys, signing_keys
from server.wiring.nats import Nats
from server.wiring.outward import fetcher, mailer, webhook_sender
from server.wiring.scratch import open_scratch
from server.wiring.searching import meaning, thesaurus
from server.wiring.stores import only_writer, open_store_to_read, open_store_to_write

INLINE = (
    people.PROJECTION,
    identities.PROJECTION,
    access_requests.PROJECTION,
    holdings.PROJECTION,
    inbox.PROJECTION,
    timers.PROJECTION,
    approver_references.PROJECTION,
    request_history.PROJECTION,
    policies.PROJECTION,
    integrations.PROJECTION,
    memberships.PROJECTION,
    groups.PROJECTION,
    consents.PROJECTION,
    token_families.PROJECTION,
    features.PROJECTION,
    resource_servers.PROJECTION,
    webhooks.PROJECTION,
)
"""Written in the transaction of the events themselves: a query sees them at once."""

FOLLOWED = (catalog.PROJECTION, audit_trail.PROJECTION)
"""Written behind the log, in batches."""

SCHEMA = (
    *(statement for one in (*INLINE, *FOLLOWED) for statement in one.schema),
    *idempotency.SCHEMA,
    *command_outcomes.SCHEMA,
    *follower.SCHEMA,
    *shapes.SCHEMA,
    *authorization_server.SCHEMA,
    *pending_sign_ins.SCHEMA,
    *publisher_rows.SCHEMA,
    *duty_table.SCHEMA,
    *cursors.SCHEMA,
    *failures.SCHEMA,
    *sealed_secrets.SCHEMA,
    *outbox.SCHEMA,
    *scim_tokens.SCHEMA,
    *vectors.SCHEMA,
    *checkpoint_rows.SCHEMA,
    *key_rings.SCHEMA,
    *write_trial.SCHEMA,
)


@dataclass(frozen=True, slots=True)
class System:
    """Everything that is open. `growth` tells those who follow the log; `signing_keys` sign client
    ids and are the same for as long as the data folder lives; `mailer` is None where mail is off; `scratch` opens an
    empty store in memory; `rota` has the duties that this process shares with others."""

    settings: Settings
    store: EventStore
    bus: CommandBus
    rota: Rota
    reads: Reads
    followers: tuple[Follower, ...]
    growth: Growth
    clock: Clock
    new_id: NewId
    signing_keys: SigningKeys
    fetcher: DocumentFetcher
    event_bodies: EventBodies
    event_apps: EventApps
    webhook_sender: WebhookSender
    mailer: Mailer | None
    nats: Nats
    checkpointing: Checkpointing
    scratch: Scratch
    thesaurus: ThesaurusFile
    meaning: Meaning | None
    telemetry: Telemetry = SILENT


@contextmanager
def open_system(settings: Settings, telemetry: Telemetry = SILENT) -> Iterator[System]:
    """Open the store with its tables and start the bus; raises `StartFailed`."""
    with ExitStack() as opened:
        store = opened.enter_context(_written(settings))
        growth = Growth()
        bus, rota = opened.enter_context(_running(settings, store, growth, telemetry))
        reads = Reads(store, local=settings.on_sqlite)
        nats = Nats(settings, store, reads, growth, telemetry.tracing)
        yield System(
            settings,
            store,
            bus,
            rota,
            reads,
            _followers(rota, store, growth),
            growth,
            utc_now,
            new_id,
            signing_keys(settings),
            fetcher(),
            event_bodies(settings),
            event_app,
            webhook_sender(settings),
            mailer(settings, utc_now),
            nats,
            _checkpointing(settings, rota, store, nats),
            open_scratch,
            thesaurus(settings),
            meaning(settings),
            telemetry,
        )


@contextmanager
def _written(settings: Settings) -> Iterator[EventStore]:
    """Open the store to write it, until the block is left."""
    with only_writer(settings):
        store = open_store_to_write(settings, SCHEMA, INLINE, FOLLOWED)
        try:
            yield store
        finally:
            store.close()


def _checkpointing(settings: Settings, rota: Rota, store: EventStore, nats: Nats) -> Checkpointing:
    kept = places(settings, nats.checkpoints)
    bus = rota.watch(CHECKPOINTS)
    return Checkpointing(bus, store, checkpoint_keys(settings), utc_now, settings.tenant, kept)


@contextmanager
def _running(
    settings: Settings, store: EventStore, growth: Growth, telemetry: Telemetry
) -> Iterator[tuple[CommandBus, Rota]]:
    """Run the bus, and share duties with other processes, until the block is left."""
    notes = BusNotes(telemetry.meters, telemetry.tracing)
    bus = CommandBus(store, HANDLERS, INLINE, new_id, growth, _reactions(settings), notes)
    with open_duties(settings, growth) as duties:
        bus.start()
        try:
            yield bus, Rota(duties, bus)
        finally:
            bus.close()


def _followers(rota: Rota, store: EventStore, growth: Growth) -> tuple[Follower, ...]:
    followers = tuple(Follower(rota.watch(following(one.name)), store, one) for one in FOLLOWED)
    for one in followers:
        growth.tell(one.wake)
    return followers


def _reactions(settings: Settings) -> Reactions:
    if settings.smtp_url is None:
        return REACTIONS
    return joined(REACTIONS, mail_reactions(settings.issuer))


event_app: EventApps = cloud_events.app_of


def event_bodies(settings: Settings, *, sealed: bool = False) -> EventBodies:
    """Return what gives events their public form, with text about people open or as NATS gets it."""
    return lambda recorded: (
        cloud_events.to_message(recorded, settings.tenant, sealed=sealed).payload
    )


__all__ = [
    "FOLLOWED",
    "INLINE",
    "SCHEMA",
    "StartFailed",
    "StoreInUse",
    "System",
    "checkpoint_keys",
    "event_app",
    "event_bodies",
    "open_store_to_read",
    "open_system",
    "personal_keys",
    "signing_keys",
]
