"""What stands behind the administrators' tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.health import Health
    from server.oauth.connections import Connections
    from server.wiring import System


@dataclass(frozen=True, slots=True)
class Backing:
    """The open system, who is connected to it, and how it is doing."""

    system: System
    connections: Connections
    health: Health
