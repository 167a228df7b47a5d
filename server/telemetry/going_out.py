"""Around what carries events and mails out: counts attempts by what came of them, times them, and makes each call
of a webhook a span of the trace that its event belongs to, which the receiver may carry on."""

from __future__ import annotations

import time
from dataclasses import replace

from domain.outgoing import (
    Mail,
    Mailer,
    MailRefused,
    MailUnavailable,
    WebhookAnswer,
    WebhookCall,
    WebhookSender,
    WebhookUnreachable,
)
from domain.trace_context import traceparent
from server.telemetry import catalogue
from server.telemetry.meters import Meters
from server.telemetry.spans import Part, Tracing

TRACEPARENT = "traceparent"
UNREACHABLE, FAILED = "unreachable", "failed"
SENT, REFUSED, UNAVAILABLE = "sent", "refused", "unavailable"
FIRST_FAILURE = 300


class WatchedSender:
    """Makes calls as another sender does (`domain.outgoing.WebhookSender`)."""

    def __init__(self, sender: WebhookSender, meters: Meters, tracing: Tracing) -> None:
        self._sender = sender
        self._meters = meters
        self._tracing = tracing

    async def send(self, call: WebhookCall) -> WebhookAnswer:
        """Return the answer."""
        began, outcome = time.perf_counter(), FAILED
        parent = traceparent(call.headers.get(TRACEPARENT))
        if parent is None:
            span = None
        else:
            span = self._tracing.begin("deliver to webhook", parent, Part.CLIENT)
            call = replace(call, headers={**call.headers, TRACEPARENT: str(span.traceparent)})
        try:
            answer = await self._sender.send(call)
            outcome = f"{answer.status // 100}xx"
        except WebhookUnreachable:
            outcome = UNREACHABLE
            raise
        else:
            return answer
        finally:
            self._meters.count(catalogue.WEBHOOK_DELIVERIES.name, outcome)
            self._meters.observe(catalogue.WEBHOOK_SECONDS.name, time.perf_counter() - began)
            if span is not None:
                span.end(error="" if outcome == "2xx" else outcome)


class WatchedMailer:
    """Sends mails as another mailer does (`domain.outgoing.Mailer`)."""

    def __init__(self, mailer: Mailer, meters: Meters) -> None:
        self._mailer = mailer
        self._meters = meters

    async def send(self, message: Mail) -> None:
        """Send a mail."""
        outcome = FAILED
        try:
            await self._mailer.send(message)
            outcome = SENT
        except MailRefused:
            outcome = REFUSED
            raise
        except MailUnavailable:
            outcome = UNAVAILABLE
            raise
        finally:
            self._meters.count(catalogue.MAILS.name, outcome)
