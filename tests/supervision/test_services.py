"""Real servers under a service manager: what they say at its socket, and when."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import RunningServer
from tests.supervision.listener import Listener, listener, ready, stopping
from tests.workers.family import OFF, children, family, parent_of, running, until, workers

NAMES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


@pytest.fixture(params=["path", "abstract"])
def hearing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    abstract = request.param == "abstract"
    name = f"@doorward-test-{uuid.uuid4().hex}" if abstract else str(tmp_path / "notify")
    with listener(name) as listening:
        yield listening


def watched(hearing: Listener) -> dict[str, str]:
    """Return the environment of a service whose watchdog has little patience."""
    return {"NOTIFY_SOCKET": hearing.name, "WATCHDOG_USEC": "3000000"}


def environment_of(pid: int) -> set[str]:
    """Return the names of the variables that a process was started with."""
    text = Path(f"/proc/{pid}/environ").read_text(errors="replace")
    return {one.partition("=")[0] for one in text.split("\0")}


def test_a_server_says_that_it_is_ready_keeps_the_watchdog_quiet_and_says_that_it_ends(
    tmp_path: Path, hearing: Listener
) -> None:
    server = RunningServer(tmp_path / "data", watched(hearing))
    with running(server):
        first = hearing.next()
        assert first["STATUS"] == "starting"
        assert int(first["EXTEND_TIMEOUT_USEC"]) > 0
        said = hearing.until(ready)
        assert said == {"READY": "1", "STATUS": "ready", "WATCHDOG": "1"}
        assert httpx.get(f"{server.issuer}/readyz").status_code == 200
        for _ in range(2):
            hearing.until(lambda one: one == {"STATUS": "ready", "WATCHDOG": "1"})
        inherited = [environment_of(one) for one in children(parent_of(server))]
        assert inherited
        assert not set(NAMES) & set().union(*inherited)
        assert server.stop() == 0
        hearing.until(stopping)
        assert hearing.rest() == []
        assert sum(map(ready, hearing.heard)) == sum(map(stopping, hearing.heard)) == 1


def test_a_server_without_a_watchdog_sends_it_no_word(tmp_path: Path) -> None:
    with listener(str(tmp_path / "notify")) as hearing:
        settings = {**OFF, "NOTIFY_SOCKET": hearing.name}
        with running(RunningServer(tmp_path / "data", settings)) as server:
            hearing.until(ready)
            assert server.stop() == 0
        assert not any("WATCHDOG" in one for one in [*hearing.heard, *hearing.rest()])


def test_a_server_that_nobody_hears_serves_all_the_same(tmp_path: Path) -> None:
    settings = {**OFF, "NOTIFY_SOCKET": str(tmp_path / "none"), "WATCHDOG_USEC": "much"}
    with running(RunningServer(tmp_path / "data", settings)) as server:
        assert httpx.get(f"{server.issuer}/readyz").status_code == 200
        assert server.stop() == 0
        assert server.said() == ""


def test_a_parent_speaks_for_its_workers(
    tmp_path: Path, postgres_url: str, hearing: Listener
) -> None:
    server = family(tmp_path / "data", postgres_url, 2, **OFF, **watched(hearing))
    with running(server):
        hearing.until(ready)
        assert len(workers(server)) == 2
        for _ in range(4):
            assert httpx.get(f"{server.issuer}/readyz").status_code == 200
        inherited = [environment_of(one) for one in children(parent_of(server))]
        assert not set(NAMES) & set().union(*inherited)
        assert server.stop() == 0
        hearing.until(stopping)
        assert hearing.rest() == []
        assert sum(map(ready, hearing.heard)) == 1


def test_a_worker_that_died_is_no_reason_to_begin_anew_and_one_that_is_stuck_is(
    tmp_path: Path, postgres_url: str
) -> None:
    with listener(str(tmp_path / "notify")) as hearing:
        server = family(tmp_path / "data", postgres_url, 2, **OFF, **watched(hearing))
        with running(server):
            hearing.until(ready)
            killed, stuck = sorted(workers(server))
            os.kill(killed, signal.SIGKILL)
            fewer = hearing.until(lambda one: "1 of 2 workers answer" in one["STATUS"])
            assert fewer["WATCHDOG"] == "1"
            hearing.until(lambda one: one["STATUS"] == "ready")
            os.kill(stuck, signal.SIGSTOP)
            said = hearing.until(lambda one: one["STATUS"].startswith(f"stuck: worker {stuck}"))
            assert said == {"STATUS": f"stuck: worker {stuck} has said nothing for 3 seconds"}
            os.kill(stuck, signal.SIGCONT)
            hearing.until(lambda one: one == {"STATUS": "ready", "WATCHDOG": "1"})
            until(lambda: len(workers(server)) == 2, "a worker is missing")
            assert server.stop() == 0
