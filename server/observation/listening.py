"""Listening to a server as its settings say. Libraries are loaded where somebody listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from server.config import Settings
from server.failures import StartFailed
from server.telemetry.meters import DEAF
from server.telemetry.settings import MetricsReaders
from server.telemetry.spans import UNTRACED
from server.telemetry.telemetry import Collected, Telemetry


@contextmanager
def listening(settings: Settings) -> Iterator[Telemetry]:
    """Listen to a server as the settings say, until the block is left; raises `StartFailed`."""
    collected = _collected(settings)
    meters = DEAF if collected is None else collected.tallies
    if not settings.otlp_url:
        yield Telemetry(meters, UNTRACED, collected)
        return
    try:
        from server.telemetry.otlp import OtlpTracing  # noqa: PLC0415 - an extra, mostly off
    except ImportError:
        why = "DOORWARD_OTLP_URL needs OpenTelemetry's SDK: pip install doorward[telemetry]"
        raise StartFailed(why) from None
    tracing = OtlpTracing(settings.otlp_url)
    try:
        yield Telemetry(meters, tracing, collected)
    finally:
        tracing.close()


def _collected(settings: Settings) -> Collected | None:
    """Load the library of metrics for a server alone, and only where somebody may read them."""
    if settings.metrics is MetricsReaders.OFF and not settings.metrics_token:
        return None
    from server.telemetry.shown import ShownMetrics  # noqa: PLC0415 - see above
    from server.telemetry.tallies import Tallies  # noqa: PLC0415 - see above

    return Collected(Tallies(), ShownMetrics())
