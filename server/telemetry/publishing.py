"""The publishing of events as spans: each is a part of the trace of the request that caused the event."""

from __future__ import annotations

from collections.abc import Sequence

from domain.envelope import Recorded
from server.telemetry.spans import Interval, Part, Tracing


class PublishedSpans:
    """Records that events were published; it is called with those of a window, and when that was."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def __call__(self, events: Sequence[Recorded], began: float, ended: float) -> None:
        """Record it for each event that is part of a trace."""
        if not self._tracing.on:
            return
        interval = Interval(began, ended)
        for recorded in events:
            parent, topic = recorded.envelope.traceparent, recorded.envelope.event.TOPIC
            if parent is not None:
                attributes = {
                    "messaging.system": "nats",
                    "messaging.operation.type": "send",
                    "doorward.topic": topic,
                }
                self._tracing.record(
                    f"publish {topic}", parent, interval, Part.PRODUCER, attributes
                )
