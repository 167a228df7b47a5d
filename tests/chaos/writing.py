"""A server process that does nothing but write: commands one after the other, of which it says those that were
acknowledged."""

from __future__ import annotations

import itertools
import sys

from adapters.open_store import open_store
from adapters.postgres_session import PostgresSession
from adapters.system import new_id, utc_now
from domain.catalog import AppRecord, PutApp
from domain.values import Actor, AppId, Via
from server.command_bus import CommandBus, CommandContext
from server.follower import Growth
from server.handlers import HANDLERS


def write(url: str, name: str) -> None:
    store = open_store(url)
    growth = Growth()
    session = PostgresSession(url, name, utc_now, growth.heard)
    growth.announce_by(session.announce)
    bus = CommandBus(store, HANDLERS, (), new_id, growth)
    bus.start()
    context = CommandContext(Actor(Via.SYSTEM), utc_now(), new_id())
    for number in itertools.count(1):
        app = PutApp(AppId(f"{name}-{number}"), AppRecord(f"App {number} of {name}"))
        bus.call_blocking(lambda work, app=app: work.execute(app, context))  # type: ignore[misc]
        print(app.app_id, flush=True)


if __name__ == "__main__":
    write(*sys.argv[1:3])
