"""A process that wants duties and says what becomes of that. Its lines: ``held NAME EPOCH``, ``lost NAME``."""

from __future__ import annotations

import signal
import sys
import threading

from adapters.postgres_session import PostgresSession
from adapters.system import utc_now
from domain.duties import Duty


def hold(url: str, *names: str) -> None:
    session = PostgresSession(url, "a test", utc_now, lambda: None)
    changed = threading.Event()
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    duties = [Duty(name) for name in names]
    for one in duties:
        session.duties.want(one, changed.set)
    held: dict[Duty, int] = {}
    while not ending.is_set():
        changed.wait(0.05)
        changed.clear()
        for one in duties:
            tenure = session.duties.tenure(one)
            if tenure is None and held.pop(one, None) is not None:
                print(f"lost {one}", flush=True)
                session.duties.resign(one)
                session.duties.want(one, changed.set)
            elif tenure is not None and held.get(one) != tenure.epoch:
                held[one] = tenure.epoch
                print(f"held {one} {tenure.epoch}", flush=True)
    session.close()


if __name__ == "__main__":
    hold(*sys.argv[1:])
