"""A process that has no descriptor left for a while loses its duties, and has them again afterwards."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from adapters import duty_table
from adapters.open_store import open_store
from adapters.postgres_connections import connect
from adapters.postgres_session import PostgresSession
from adapters.system import utc_now
from domain.duties import Duty
from domain.ports import Unavailable
from tests.cluster.members import until
from tests.few_descriptors import no_descriptors

TIMERS = Duty("timers")
A_WHILE = 1.0
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def test_who_has_no_descriptor_for_a_while_is_on_duty_again_afterwards(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_store(postgres_url)) as store, closing(connect(postgres_url)) as ends:
        store.create(duty_table.SCHEMA)
        session = PostgresSession(postgres_url, "this one", utc_now, lambda: None)
        try:
            session.duties.want(TIMERS, lambda: None)
            until(lambda: session.duties.tenure(TIMERS) is not None)
            with no_descriptors():
                ends.execute(END)
                until(lambda: session.duties.tenure(TIMERS) is None)
                time.sleep(A_WHILE)
                with pytest.raises(Unavailable):
                    store.head()
            until(lambda: session.duties.tenure(TIMERS) is not None, 20)
        finally:
            session.close()
    assert not [one for one in caplog.records if one.exc_info]
