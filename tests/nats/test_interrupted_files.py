"""What keeps the embedded server from writing one of its files whole, and what it must not do afterwards."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats.errors
import pytest

from adapters.nats_connection import connect
from adapters.nats_server import EmbeddedNatsServer, greets
from domain.integration import IntegrationRecord, Right
from server.workers.kept_process import KeptProcess
from tests.cluster.members import until

pytestmark = pytest.mark.anyio


@contextmanager
def no_room() -> Iterator[None]:
    """Let no file of this process grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_secret_of_which_nothing_was_written_lets_nobody_in(tmp_path: Path) -> None:
    """As one is that a process left which was killed before the first byte."""
    folder = tmp_path / "nats"
    folder.mkdir()
    (folder / "secret").touch()
    server = EmbeddedNatsServer(folder)
    server.start(KeptProcess)
    try:
        port = server.public_url.rpartition(":")[2]
        with pytest.raises(nats.errors.Error):
            await connect(f"nats://doorward:@127.0.0.1:{port}")
        await (await connect(server.url)).close()
    finally:
        server.close()


async def test_a_configuration_that_has_no_room_leaves_the_one_before(
    server: EmbeddedNatsServer,
) -> None:
    """The server would start again with half of it, or with none: elsewhere, open to all, and without a stream."""
    with no_room(), pytest.raises(OSError, match="File too large"):
        server.admit({"new": IntegrationRecord((Right.DECIDE,), nkey="U" + "A" * 55)})
    before = server.pid
    os.kill(before, signal.SIGKILL)
    until(lambda: server.pid != before and greets(int(server.public_url.rpartition(":")[2])), 10)
    await (await connect(server.url)).close()
