"""What an operator is told of NATS: of a server alone, and of three."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.integration_consumers import ensure_consumers
from adapters.jetstream import ensure_streams
from adapters.nats_accounts import new_nats_key
from adapters.nats_connection import without_credentials
from adapters.nats_server import EmbeddedNatsServer
from adapters.stream_keeping import keeping
from domain.messaging import AttackResult, NatsCheck, StreamKeeping
from server.command_line.nats import keeping_line
from tests.nats.integrations import record, signed_in
from tests.running import RunningServer

KEPT = StreamKeeping("DOORWARD_EVENTS", 3, "nats-a", ())


@pytest.mark.anyio
async def test_of_a_server_alone_there_is_nothing_to_tell_of_copies(
    server: EmbeddedNatsServer,
) -> None:
    async with signed_in(server.reader_url) as reader:
        assert await ensure_streams(reader.jetstream(), "main") == []
        await ensure_consumers(reader.jetstream(), "main", {"auto": record(new_nats_key())})
        assert await keeping(reader.jetstream(), "main") == []


def test_status_and_doctor_speak_in_lines(tmp_path: Path) -> None:
    running = RunningServer(tmp_path / "data").start()
    try:
        assert running.run("integration", "add", "auto", "--may", "decide").returncode == 0
        status = running.run("nats", "status")
        doctor = running.run("doctor", "nats")
        letters = running.run("dlq", "list")
        after = running.run("nats", "status")
    finally:
        running.stop()
    assert status.returncode == 0, status.stderr
    told = status.stdout.splitlines()
    assert told[0].startswith("publishing: following, ")
    assert told[1].startswith("commands: ")
    assert told[-1] == "dead letters: 0"
    assert (doctor.returncode, doctor.stdout.splitlines()[-1]) == (0, "safe"), doctor.stdout
    assert letters.stdout.strip() == "none", "the doctor leaves nothing behind"
    assert "0 answered, 0 set aside" in after.stdout.splitlines()[1]


@pytest.mark.parametrize(
    ("kept", "line"),
    [
        (KEPT, "DOORWARD_EVENTS: 3 copies, nats-a leads"),
        (
            StreamKeeping("DOORWARD_EVENTS", 3, "nats-a", ("nats-b", "nats-c")),
            "DOORWARD_EVENTS: 3 copies, nats-a leads, BEHIND: nats-b, nats-c",
        ),
        (StreamKeeping("DOORWARD_EVENTS", 3, "", ()), "DOORWARD_EVENTS: NO LEADER"),
    ],
)
def test_how_a_stream_is_kept_is_one_line(kept: StreamKeeping, line: str) -> None:
    fields = {
        "name": kept.name,
        "replicas": kept.replicas,
        "leader": kept.leader,
        "behind": kept.behind,
    }
    assert keeping_line(fields) == line


@pytest.mark.parametrize(
    ("streams", "roomy", "inert", "safe"),
    [
        ((KEPT,), True, True, True),
        ((), True, True, True),
        ((KEPT, StreamKeeping("DOORWARD_DLQ", 3, "", ())), True, True, False),
        ((StreamKeeping("DOORWARD_DLQ", 3, "nats-a", ("nats-b",)),), True, True, False),
        ((KEPT,), False, True, False),
        ((KEPT,), True, False, False),
    ],
)
def test_what_is_safe_has_nothing_to_mend(
    streams: tuple[StreamKeeping, ...], *, roomy: bool, inert: bool, safe: bool
) -> None:
    attacks = (AttackResult("listen to everything", inert),)
    assert NatsCheck("2.15.1", True, (), streams, roomy, attacks).safe is safe


def test_integrations_are_told_all_servers_and_nobodys_password() -> None:
    given = "tls://doorward:secret@nats-a:4222,tls://doorward:secret@nats-b:4222"
    assert without_credentials(given) == "tls://nats-a:4222,tls://nats-b:4222"
    assert without_credentials("nats://nats-a") == "nats://nats-a"
