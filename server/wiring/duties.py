"""How the processes of one database share work and hear of each other."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.system import utc_now
from domain.duties import Duties, EveryDuty
from server.config import Settings
from server.follower import Growth


@contextmanager
def open_duties(settings: Settings, growth: Growth) -> Iterator[Duties]:
    """Take part until the block is left: on PostgreSQL among others, on SQLite alone."""
    if settings.on_sqlite:
        yield EveryDuty(utc_now)
        return
    from adapters.postgres_session import PostgresSession  # noqa: PLC0415 - on PostgreSQL alone

    holder = f"{socket.gethostname()} {os.getpid()}"
    session = PostgresSession(settings.store_url, holder, utc_now, growth.heard)
    growth.announce_by(session.announce)
    try:
        yield session.duties
    finally:
        session.close()
