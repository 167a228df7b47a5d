"""A nats-server of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.nats_server import EmbeddedNatsServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedNatsServer]:
    running = EmbeddedNatsServer(tmp_path / "nats")
    running.start()
    yield running
    running.close()
