"""One attempt to deliver: what is sent, and what its answer means. Any 2xx is success, 410 says that
the receiver is gone for good, and everything else, a redirect too, is a failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.outgoing import WebhookCall, WebhookSender, WebhookUnreachable
from domain.ports import Clock
from domain.trace_context import Traceparent
from server.webhooks.retries import asked_wait
from server.webhooks.signing import signed_headers

CONTENT_TYPE = "application/cloudevents+json"
GONE = 410


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not; `wait` is what it asked for."""

    fault: str
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing can be delivered there any more."""

    reason: str


Verdict = Delivered | Failed | Ended


async def attempt(
    sender: WebhookSender,
    clock: Clock,
    url: str,
    event_id: str,
    body: bytes,
    good: Sequence[str],
    trace: Traceparent | None = None,
) -> Verdict:
    """Send an event, signed by each of the good secrets, and say of which trace it is; return what came
    of it."""
    headers = {"content-type": CONTENT_TYPE, **signed_headers(event_id, clock(), body, good)}
    if trace is not None:
        headers["traceparent"] = trace
    try:
        answer = await sender.send(WebhookCall(url, headers, body))
    except WebhookUnreachable as fault:
        return Failed(str(fault))
    return judged(answer.status, answer.retry_after, clock())


def judged(status: int, retry_after: str | None, now: datetime) -> Verdict:
    """Return what an answer means."""
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success
        return Delivered()
    if status == GONE:
        return Ended("the receiver answered 410 Gone")
    redirected = ", a redirect, which is not followed" if 300 <= status < 400 else ""  # noqa: PLR2004
    return Failed(f"the receiver answered {status}{redirected}", asked_wait(retry_after, now))
