"""A shelf on each database."""

from __future__ import annotations

import pytest

from domain.ports import EventStore
from server.command_bus import CommandBus
from tests.catalog.shelf import Shelf


@pytest.fixture
def shelf(bus: CommandBus, store: EventStore) -> Shelf:
    made = Shelf(bus, store)
    made.put()
    return made
