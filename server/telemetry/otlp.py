"""Spans by OpenTelemetry's SDK, sent over OTLP/HTTP by a thread of the SDK's. The SDK's own variables are
honoured too (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES`). Nothing is
registered for the whole process, so that no library's own spans, which may hold what callers sent, come out
beside ours."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import urlsplit
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan

from domain.trace_context import Traceparent, sampled, span_id, trace_id, traceparent
from server.telemetry.spans import NOTHING, Attributes, Interval, Part, Span

EXPORT_SECONDS = 5
TRACES = "/v1/traces"
_KINDS = {
    Part.SERVER: SpanKind.SERVER,
    Part.INTERNAL: SpanKind.INTERNAL,
    Part.PRODUCER: SpanKind.PRODUCER,
    Part.CONSUMER: SpanKind.CONSUMER,
    Part.CLIENT: SpanKind.CLIENT,
}


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A span that is recorded."""

    span: SdkSpan
    traceparent: Traceparent | None

    def end(self, attributes: Attributes = NOTHING, *, error: str = "", name: str = "") -> None:
        """It is done."""
        span = self.span
        if name:
            span.update_name(name)
        if attributes:
            span.set_attributes(dict(attributes))
        if error:
            span.set_attribute("error.type", error)
            span.set_status(Status(StatusCode.ERROR))
        span.end()


class OtlpTracing:
    """Records spans and sends them to a collector."""

    on: bool = True

    def __init__(self, url: str) -> None:
        # While no collector takes them, each attempt would be a line of the log, some in a second.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        self._provider = TracerProvider(
            resource=Resource.create(
                {
                    "service.name": "doorward",
                    "service.version": metadata.version("doorward"),
                    "service.instance.id": str(uuid4()),
                }
            ),
            shutdown_on_exit=False,
        )
        endpoint = url if urlsplit(url).path else f"{url}{TRACES}"
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("doorward", metadata.version("doorward"))

    def begin(
        self,
        name: str,
        parent: Traceparent | None,
        part: Part = Part.INTERNAL,
        attributes: Attributes = NOTHING,
    ) -> Span:
        """Begin a span."""
        span = self._tracer.start_span(
            name, _context(parent), _KINDS[part], attributes=dict(attributes)
        )
        return _Recorded(span, _traceparent_of(span))

    def record(
        self,
        name: str,
        parent: Traceparent | None,
        interval: Interval,
        part: Part = Part.INTERNAL,
        attributes: Attributes = NOTHING,
        links: Sequence[Traceparent] = (),
    ) -> None:
        """Record a span that is over."""
        span = self._tracer.start_span(
            name,
            _context(parent),
            _KINDS[part],
            attributes=dict(attributes),
            links=[Link(_span_context(one)) for one in links],
            start_time=_on_the_clock(interval.began),
        )
        span.end(_on_the_clock(interval.ended))

    def close(self) -> None:
        """Send what is left, if anybody takes it."""
        self._provider.shutdown()


def _on_the_clock(moment: float) -> int:
    """Return a moment of `time.perf_counter` as nanoseconds since 1970; asked anew, since clocks are set."""
    return int(moment * 1e9) + time.time_ns() - time.perf_counter_ns()


def _span_context(parent: Traceparent) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if sampled(parent) else TraceFlags.DEFAULT)
    return SpanContext(int(trace_id(parent), 16), int(span_id(parent), 16), True, flags)  # noqa: FBT003 - it is remote


def _context(parent: Traceparent | None) -> Context:
    """Return what a span begins in: the parent alone, nothing that a library may have left around."""
    if parent is None:
        return Context()
    return set_span_in_context(NonRecordingSpan(_span_context(parent)), Context())


def _traceparent_of(span: SdkSpan) -> Traceparent | None:
    found = span.get_span_context()
    return traceparent(
        f"00-{found.trace_id:032x}-{found.span_id:016x}-{int(found.trace_flags) & 3:02x}"
    )
