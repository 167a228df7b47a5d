"""A server process that does nothing but its duties: it keeps a record of every event that it was given, and
publishes to NATS."""

from __future__ import annotations

import asyncio
import sys

from adapters.nats_connection import connect
from adapters.nats_publisher import NatsPublisher
from adapters.open_store import open_store
from adapters.postgres_session import PostgresSession
from adapters.system import new_id, utc_now
from domain.catalog import AppAdded
from domain.duties import PUBLISHING
from domain.duties import following as duty_of
from domain.envelope import Recorded
from domain.ports import Rows
from projections.projection import Projection
from server.command_bus import CommandBus
from server.duties import Rota
from server.follower import Follower, Growth
from server.handlers import HANDLERS
from server.waking import LoopBell


def _record(rows: Rows, recorded: Recorded, event: AppAdded) -> None:
    rows.execute(
        "INSERT INTO seen (nth, position, app) "
        "SELECT COALESCE(MAX(nth), 0) + 1, CAST(? AS BIGINT), CAST(? AS TEXT) FROM seen",
        (recorded.position, event.app_id),
    )


SEEN = Projection(
    name="seen",
    tables=("seen",),
    # Without a key on the position: what came twice would be there twice.
    schema=(
        "CREATE TABLE IF NOT EXISTS seen (nth BIGINT PRIMARY KEY, position BIGINT, app TEXT)",
    ),
    handlers={AppAdded: _record},
)


async def follow(url: str, nats_url: str) -> None:
    store = open_store(url)
    growth = Growth()
    session = PostgresSession(url, "following", utc_now, growth.heard)
    growth.announce_by(session.announce)
    bus = CommandBus(store, HANDLERS, (), new_id, growth)
    bus.start()
    following_seen = duty_of(SEEN.name)
    rota = Rota(session.duties, bus)
    publisher = NatsPublisher(store, lambda: connect(nats_url), "main", bell=LoopBell())
    following, publishing = rota.watch(following_seen), rota.watch(PUBLISHING)
    follower = Follower(following, store, SEEN)
    for one in (follower, publisher):
        growth.tell(one.wake)
    print("ready", flush=True)
    await asyncio.gather(
        following.run(follower.run), publishing.run(lambda: publisher.run(publishing.fence))
    )


if __name__ == "__main__":
    asyncio.run(follow(*sys.argv[1:3]))
