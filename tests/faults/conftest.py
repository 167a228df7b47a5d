"""What faults happen to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.own_postgres import OwnPostgres


@pytest.fixture
def postgres() -> Iterator[OwnPostgres]:
    """A PostgreSQL that a test may kill."""
    server = OwnPostgres()
    try:
        server.start()
        yield server
    finally:
        server.close()
