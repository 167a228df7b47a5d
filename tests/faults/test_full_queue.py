"""PostgreSQL's queue of notifications, which all its databases share, is full: somebody listens and does not come to an
end. Processes cannot tell each other anything then, and do all that they have to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from adapters import duty_table
from adapters.open_store import open_store
from adapters.postgres_session import PostgresSession
from adapters.system import utc_now
from domain.duties import Duty
from tests.cluster.members import until
from tests.faults.own_postgres import OwnPostgres

TIMERS = Duty("timers")
A_WHILE = 3.0


@pytest.fixture
def small_queue() -> Iterator[OwnPostgres]:
    """A PostgreSQL with as small a queue as it lets one have."""
    server = OwnPostgres()
    server.settings = {"max_notify_queue_pages": "64"}
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_who_can_tell_nobody_anything_keeps_his_duties(
    small_queue: OwnPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_store(small_queue.url)) as store:
        store.create(duty_table.SCHEMA)
    with closing(psycopg.connect(small_queue.url)) as deaf:
        deaf.execute("LISTEN anything")
        deaf.commit()
        deaf.execute("SELECT 1")
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            for number in range(1_000):
                small_queue.execute("SELECT pg_notify('anything', %s)", f"{number:07900}")
        session = PostgresSession(small_queue.url, "this one", utc_now, lambda: None)
        try:
            session.duties.want(TIMERS, lambda: None)
            until(lambda: session.duties.tenure(TIMERS) is not None)
            over = time.monotonic() + A_WHILE
            while time.monotonic() < over:
                session.announce()
                time.sleep(0.05)
                assert session.duties.tenure(TIMERS) is not None
        finally:
            session.close()
    assert len([one for one in caplog.messages if "cannot be told" in one]) == 1
