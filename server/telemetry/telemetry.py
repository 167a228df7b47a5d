"""All that listens to a server, as its parts see it. A command line that does one thing and ends has `SILENT`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.telemetry.meters import DEAF, Meters
from server.telemetry.spans import UNTRACED, Tracing

if TYPE_CHECKING:
    from server.telemetry.shown import ShownMetrics
    from server.telemetry.tallies import Tallies


@dataclass(frozen=True, slots=True)
class Collected:
    """Where counts are, and where they are shown."""

    tallies: Tallies
    shown: ShownMetrics


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Counts by `meters` and times by `tracing`; `collected` is None where metrics are off."""

    meters: Meters = DEAF
    tracing: Tracing = UNTRACED
    collected: Collected | None = None


SILENT = Telemetry()
