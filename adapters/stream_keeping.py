"""On which servers of a cluster the streams and their consumers are kept, and whether every copy is up to
date; of a server alone there is nothing to tell. A copy that lags for a moment while messages come is as it should be: what is told is what stays
so when asked again."""

from __future__ import annotations

import asyncio

from nats.js import JetStreamContext
from nats.js.api import ClusterInfo

from adapters.jetstream import KIB, stream_configs
from domain.messaging import StreamKeeping

LEAST_PAYLOAD = 300 * KIB
"""What the server's `max_payload` has to be at least: the largest event, its headers and some room."""
LOOKS, PAUSE_SECONDS = 6, 0.5


async def keeping(jetstream: JetStreamContext, tenant: str) -> list[StreamKeeping]:
    """Return how each of the tenant's streams, and each consumer of one, is kept in a cluster."""
    for _ in range(LOOKS - 1):
        found = await _look(jetstream, tenant)
        if all(one.leader and not one.behind for one in found):
            return found
        await asyncio.sleep(PAUSE_SECONDS)
    return await _look(jetstream, tenant)


async def _look(jetstream: JetStreamContext, tenant: str) -> list[StreamKeeping]:
    found = []
    for config in stream_configs(tenant):
        stream = str(config.name)
        cluster = (await jetstream.stream_info(stream)).cluster
        if cluster is None or not cluster.name:
            return []
        found.append(_kept(stream, cluster))
        found += [
            _kept(f"{stream}, consumer {one.name}", one.cluster)
            for one in await jetstream.consumers_info(stream)
        ]
    return found


def _kept(name: str, cluster: ClusterInfo | None) -> StreamKeeping:
    others = (cluster.replicas if cluster is not None else None) or []
    behind = sorted(str(one.name) for one in others if one.offline or not one.current)
    leader = cluster.leader if cluster is not None else None
    return StreamKeeping(name, 1 + len(others), leader or "", tuple(behind))
