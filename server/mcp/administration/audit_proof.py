"""Whether the log is the one that was written, for an auditor's client: the checkpoints that were signed, and a
verification of the whole chain. That takes long for a long log: it goes on by itself, and a call tells how far
it is or what came of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial

import anyio

from domain.checkpoint import NotACheckpoint
from domain.errors import CheckpointsUnreadable
from domain.ports import Rows, Unavailable
from projections.columns import instant, maybe_instant
from projections.pages import Page
from server.audit.checkpoints import rows as kept_rows
from server.audit.checkpoints.notes import BadNote
from server.audit.checkpoints.rows import Kept
from server.audit_pages.verification import Outcome, Verifier, kept_on_nats
from server.bad_file import BadFile
from server.mcp.answers import Answer, Json, listing
from server.mcp.arguments import Arguments
from server.wiring import System

WAITED = 15.0
"""Seconds for which a call waits for the verification, rather than tell that it goes on."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class AuditProof:
    """Answers the tools that prove. What came of the last verification is kept until the server stops."""

    system: System
    verifier: Verifier
    _work: asyncio.Task[bool] | None = field(default=None, init=False)

    async def verify(self, arguments: Arguments) -> Answer:
        """Answer verify_audit_log."""
        if arguments["start"] and (self._work is None or self._work.done()):
            stream = await kept_on_nats(self.system)
            on_thread = partial(anyio.to_thread.run_sync, abandon_on_cancel=True)
            # The server does not wait for it when it stops: nothing is written.
            self._work = asyncio.create_task(on_thread(self.verifier.verify, stream))
        if self._work is not None:
            await asyncio.wait({self._work}, timeout=WAITED)
            if self._work.done():
                self._finished(self._work)
        return self._told()

    def _finished(self, work: asyncio.Task[bool]) -> None:
        self._work = None
        try:
            work.result()
        except (BadFile, NotACheckpoint, OSError, Unavailable) as fault:
            _log.warning("the log was not verified: %s", fault)
            raise CheckpointsUnreadable from None

    def _told(self) -> Answer:
        verifier, signed = self.verifier, self.system.checkpointing.status()
        fields: Json = {
            "running": verifier.running,
            "signed_to": {"position": signed.position, "at": maybe_instant(signed.at)},
            "last": None if verifier.last is None else _outcome(verifier.last),
        }
        if verifier.running:
            fields["progress"] = {"done": verifier.done, "of": verifier.total}
            return Answer(
                fields, "It is being verified; call again without start to hear the end."
            )
        if verifier.last is None:
            return Answer(
                fields, "It was not verified since this server started; call with start."
            )
        return Answer(fields, _sentence(verifier.last))

    def checkpoints(self, rows: Rows, arguments: Arguments) -> Answer:
        """Answer list_checkpoints."""
        page, size = arguments["page"], arguments["size"]
        try:
            total, found = kept_rows.latest(rows, (page - 1) * size, size)
            items = [_checkpoint(one) for one in found]
        except (BadNote, NotACheckpoint) as fault:
            _log.critical("checkpoints: %s", fault)
            raise CheckpointsUnreadable from None
        lines = [f"- {one['position']} at {one['at']}: {one['hash']}" for one in items]
        empty = "There is no checkpoint yet."
        return listing(Page(tuple(found), total, page, size), items, empty, lines, "checkpoint")


def _outcome(last: Outcome) -> Json:
    return {
        "intact": last.intact,
        "head": last.head,
        "events": last.events,
        "at": instant(last.at),
        "seconds": round(last.seconds, 3),
        "findings": {one.check: one.shown() for one in last.findings},
    }


def _sentence(last: Outcome) -> str:
    verdict = "is the one that was written" if last.intact else "is NOT the one that was written"
    lines = [f"{one.check}: {one.told}" for one in last.findings]
    faults = [f"{one.check}: {fault}" for one in last.findings for fault in one.faults]
    broken = [f"{one.check}: {one.broken.why}" for one in last.findings if one.broken]
    head = f"The log of {last.events:,} events {verdict}, as of {instant(last.at)}."
    return "\n".join([head, *lines, *broken, *faults[:20]])


def _checkpoint(kept: Kept) -> Json:
    signed = kept.checkpoint
    return {
        "position": signed.position,
        "hash": signed.hash.hex(),
        "at": instant(signed.at),
        "in_stream": kept.in_stream,
        "in_file": kept.in_file,
        "time_stamped": kept.witnessed.timestamp is not None,
    }
