"""The durable consumers of integrations: of events, for those that may subscribe, and of the outcomes of
their own commands. Doorward makes them, and takes them away with the integration; an integration can
only read on from its own. One that is down finds all it missed."""

from __future__ import annotations

from collections.abc import Mapping

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from adapters.cloud_events import subject_token
from adapters.jetstream import events_stream, outcomes_stream
from domain.integration import IntegrationRecord, Right
from domain.messaging import ConsumerLag

BACKOFF = [30.0, 60.0, 300.0, 900.0, 3600.0]
"""Seconds until a message that was not acknowledged comes again."""
MAX_DELIVER = 10
PREFIX = "integration "
"""Marks a consumer as made here, in its description."""


async def ensure_consumers(
    jetstream: JetStreamContext, tenant: str, standing: Mapping[str, IntegrationRecord]
) -> None:
    """Make the consumers that integrations should have, and remove those of former ones."""
    await _ensure(
        jetstream,
        events_stream(tenant),
        {
            name: _events(tenant, one)
            for name, one in standing.items()
            if Right.SUBSCRIBE in one.rights
        },
    )
    await _ensure(
        jetstream,
        outcomes_stream(tenant),
        {
            name: [f"doorward.{tenant}.out.{name}.>"]
            for name, one in standing.items()
            if {Right.DECIDE, Right.FULFIL} & set(one.rights)
        },
    )


def _events(tenant: str, record: IntegrationRecord) -> list[str]:
    if not record.apps:
        return [f"doorward.{tenant}.evt.>"]
    return [f"doorward.{tenant}.evt.*.*.{subject_token(app)}.>" for app in record.apps]


async def _ensure(jetstream: JetStreamContext, stream: str, wanted: dict[str, list[str]]) -> None:
    for name, filters in wanted.items():
        try:
            standing = (await jetstream.consumer_info(stream, name)).config
        except NotFoundError:
            standing = None
        if standing is None or _filters(standing) != filters:
            await jetstream.add_consumer(stream, _config(name, filters))
    for known in await jetstream.consumers_info(stream):
        ours = (known.config.description or "").startswith(PREFIX)
        if ours and known.name not in wanted:
            await jetstream.delete_consumer(stream, known.name)


def _filters(config: ConsumerConfig) -> list[str]:
    return config.filter_subjects or ([config.filter_subject] if config.filter_subject else [])


def _config(name: str, filters: list[str]) -> ConsumerConfig:
    one = filters[0] if len(filters) == 1 else None
    return ConsumerConfig(
        durable_name=name,
        description=f"{PREFIX}{name}",
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        backoff=BACKOFF,
        max_deliver=MAX_DELIVER,
        max_ack_pending=1_000,
        filter_subject=one,
        filter_subjects=None if one else filters,
    )


async def lags(jetstream: JetStreamContext, tenant: str) -> list[ConsumerLag]:
    """Return how far each integration's consumers are behind."""
    return [
        ConsumerLag(stream, one.name, one.num_pending or 0, one.num_ack_pending or 0)
        for stream in (events_stream(tenant), outcomes_stream(tenant))
        for one in await jetstream.consumers_info(stream)
        if (one.config.description or "").startswith(PREFIX)
    ]
