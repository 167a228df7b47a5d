"""Whether the log is the one that was written: how far it is signed, on every page, and a verification of the
whole chain whenever an auditor wants one. One runs at a time, on a thread of its own; what came of the
last one is kept until the server stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.checkpoint import Unwitnessed, Witnessed, origin_of
from domain.ports import Unavailable
from server.audit import verifying
from server.audit.checkpoints.note_file import NoteFile
from server.audit.checkpoints.own import in_database, own_keys
from server.audit.examining import Finding, Sources, examine_log
from server.audit_pages.gate import Gate
from server.audit_pages.pictures import length
from server.bad_file import BadFile
from server.pages import SEE_OTHER, message, render
from server.pages.forms import form_token
from server.pages.frame import Frame
from server.wiring import System, checkpoint_keys

VERIFY = "/audit/verify"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verification came to."""

    intact: bool
    head: str
    events: int
    at: datetime
    seconds: float
    findings: Sequence[Finding]

    @property
    def took(self) -> str:
        """How long it took, as people say it; of what took no time no rate is told."""
        if self.seconds < 1:
            return "in less than a second"
        return f"in {length(self.seconds)}, {round(self.events / self.seconds):,} a second"


@dataclass(frozen=True, slots=True)
class FromStream:
    """The checkpoints that NATS keeps, None where it is off; or why they cannot be had."""

    kept: Sequence[Witnessed] | None = None
    fault: str = ""


async def kept_on_nats(system: System) -> FromStream:
    """Return the checkpoints that NATS keeps."""
    stream = system.nats.checkpoints
    if stream is None:
        return FromStream()
    try:
        return FromStream(await stream.read())
    except (Unwitnessed, Unavailable) as fault:
        return FromStream(fault=str(fault))


class Verifier:
    """Verifies the chain of one store, one time at a time."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._one_at_a_time = threading.Lock()
        self.last: Outcome | None = None
        self.done = self.total = 0
        self.report: Callable[[int, int], None] = self._progressed

    @property
    def running(self) -> bool:
        """Whether it verifies now."""
        return self._one_at_a_time.locked()

    def verify(self, stream: FromStream) -> bool:
        """Verify all of it, blocking; False where somebody else does already."""
        if not self._one_at_a_time.acquire(blocking=False):
            return False
        try:
            self.last = _verified(self._system, stream, self.report)
        finally:
            self._one_at_a_time.release()
        return True

    def _progressed(self, done: int, total: int) -> None:
        self.done, self.total = done, total


def _verified(system: System, stream: FromStream, report: Callable[[int, int], None]) -> Outcome:
    origin, began = origin_of(system.settings.tenant), time.perf_counter()
    verified, findings = examine_log(
        lambda known: verifying.verify(system.store, known, report),
        {},
        _sources(system, stream.kept),
        origin,
    )
    if stream.fault:
        findings.append(Finding("the stream", f"not asked: {stream.fault}", skipped=True))
    seconds = time.perf_counter() - began
    intact = all(one.intact for one in findings)
    return Outcome(intact, verified.head, verified.position, system.clock(), seconds, findings)


def _sources(system: System, from_stream: Sequence[Witnessed] | None) -> Sources:
    """Return the checkpoints that this server can reach, and the keys that it knows as its own."""
    settings, origin = system.settings, origin_of(system.settings.tenant)
    kept = in_database(system.store)
    places: dict[str, Sequence[Witnessed]] = {"the database": kept.witnessed}
    file = settings.checkpoint_file
    if file is not None and file.exists():
        places["the file"] = NoteFile(file).read()
    if from_stream is not None:
        places["NATS"] = from_stream
    return Sources(places, own_keys(kept, origin, checkpoint_keys(settings).ring()))


@dataclass(frozen=True, slots=True)
class Verification:
    """``/audit/verify``, and what every page of auditors says of it."""

    system: System
    gate: Gate
    verifier: Verifier

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        show = self.gate.page(self.show, path="/audit")
        return [
            Route(VERIFY, show, methods=["GET"]),
            Route(VERIFY, self.verify, methods=["POST"]),
        ]

    def state(self, cookie: str) -> Frame:
        """Return what stands on top of every page: how far the log is signed, and the button's token."""
        return {
            "signed": self.system.checkpointing.status(),
            "verified": self.verifier.last,
            "verifying": self.verifier.running,
            "verify_csrf": form_token(cookie, VERIFY),
        }

    async def show(self, request: Request, frame: Frame) -> Response:
        """Show what the last verification came to."""
        cookie = self.gate.sign_in.cookies.secret_of(request)
        verifier = self.verifier
        frame |= {"done": verifier.done, "total": verifier.total}
        return render("audit_verify.html", **frame, **self.state(cookie))

    async def verify(self, request: Request) -> Response:
        """Verify the chain, and lead to what came of it."""
        refused = await self.gate.admits(request, VERIFY)
        if refused is not None:
            return refused
        try:
            await anyio.to_thread.run_sync(self.verifier.verify, await kept_on_nats(self.system))
        except (BadFile, OSError) as fault:
            why = fault.strerror if isinstance(fault, OSError) else fault
            text = f"What is kept of checkpoints cannot be read: {why}"
            return message("The log was not verified", text, status=500, link=("/audit", "Back"))
        return RedirectResponse(VERIFY, SEE_OTHER)
