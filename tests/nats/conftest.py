"""A nats-server of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.nats_server import EmbeddedNatsServer
from server.workers.kept_process import KeptProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedNatsServer]:
    running = EmbeddedNatsServer(tmp_path / "nats")
    running.start(KeptProcess)
    yield running
    running.close()
