"""Making checkpoints: now and then while the log grows, and whenever somebody asks. Before one is signed, the chain
is followed from the last one: what was changed in between is not signed over, but said aloud.

One process makes them unasked at a time, and only the newest tenure keeps what it has signed: a process that was
paused would else sign an older head after a newer one. Taking them outside twice changes nothing: stream and
file keep each once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import anyio

from domain.chain import GENESIS, ChainCheck
from domain.checkpoint import (
    Checkpoint,
    CheckpointStream,
    NotACheckpoint,
    TimestampAuthority,
    Unwitnessed,
    Witnessed,
    origin_of,
)
from domain.ports import Clock, EventStore, SigningKey, SigningKeys, Unavailable
from server.audit.batches import links_until
from server.audit.checkpoints import rows as kept_rows
from server.audit.checkpoints.note_file import NoteFile
from server.audit.checkpoints.notes import BadNote, signed_note, verifier_of
from server.audit.checkpoints.rows import Kept
from server.duties import Jobs

EVERY = timedelta(minutes=5)
EVENTS = 10_000
"""A checkpoint is due when the log has grown and either is past."""
POLL_SECONDS = 30.0

_log = logging.getLogger(__name__)


class ChainBroken(Exception):  # noqa: N818 - says what was found
    """The log is not what it was at the last checkpoint; the message names the first bad event."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where checkpoints are kept outside, each if there is such a place."""

    stream: CheckpointStream | None = None
    file: Path | None = None
    authority: TimestampAuthority | None = None


@dataclass(frozen=True, slots=True)
class CheckpointStatus:
    """Up to which position the log is signed, and since when; what keeps it from going on."""

    position: int = 0
    at: datetime | None = None
    fault: str = ""


class Checkpointing:
    """Makes checkpoints of one store's log."""

    def __init__(
        self,
        bus: Jobs,
        store: EventStore,
        keys: SigningKeys,
        clock: Clock,
        tenant: str,
        places: Places,
    ) -> None:
        self._bus = bus
        self._store = store
        self._keys = keys
        self._clock = clock
        self._origin = origin_of(tenant)
        self._places = places
        self._status = CheckpointStatus()
        self._one_at_a_time = threading.Lock()

    def status(self) -> CheckpointStatus:
        """Return how far the log is signed, as this process saw last."""
        return self._status

    def observed(self) -> CheckpointStatus:
        """Look how far the log is signed, by whichever process; blocking. Raises `Unavailable`,
        `BadNote`."""
        last = self._newest()
        if last is not None:
            signed = last.checkpoint
            self._status = replace(self._status, position=signed.position, at=signed.at)
        return self._status

    async def run(self) -> None:
        """Make checkpoints when they are due, until cancelled. A fault is told, and does not end it:
        the log goes on, and whoever watches `status` sees that it is not signed."""
        while True:
            await self._tried()
            await asyncio.sleep(POLL_SECONDS)

    async def observe(self) -> None:
        """Look now and then how far the log is signed, by whichever process, until cancelled."""
        while True:
            with contextlib.suppress(Unavailable, BadNote, NotACheckpoint):
                await anyio.to_thread.run_sync(self.observed)
            await asyncio.sleep(POLL_SECONDS)

    async def _tried(self) -> None:
        try:
            if await anyio.to_thread.run_sync(self.is_due):
                await anyio.to_thread.run_sync(self.make)
            await self.deliver()
        except (ChainBroken, Unwitnessed, Unavailable, BadNote, NotACheckpoint) as fault:
            if str(fault) != self._status.fault:
                # What is only away comes back; what is wrong with the log, or with a key, does not.
                away = isinstance(fault, Unwitnessed | Unavailable)
                _log.log(logging.WARNING if away else logging.CRITICAL, "checkpoint: %s", fault)
            self._status = replace(self._status, fault=str(fault))

    def make(self) -> Checkpoint | None:
        """Sign the head now, blocking; None if there is no event yet. Raises `ChainBroken`,
        `Unavailable`."""
        with self._one_at_a_time:
            return self._make()

    async def deliver(self) -> None:
        """Take whatever has not arrived yet to where it belongs; raises `Unwitnessed`."""
        for one in await anyio.to_thread.run_sync(self._undelivered):
            if faults := await self._deliver(one):
                raise Unwitnessed("; ".join(faults))
        self._status = replace(self._status, fault="")

    def is_due(self) -> bool:
        """Say whether the log has grown enough, or long enough ago, to be signed again; blocking."""
        last = self._newest()
        head = self._store.head()
        if last is None:
            return head > 0
        signed = last.checkpoint
        self._status = replace(self._status, position=signed.position, at=signed.at)
        grown = head - signed.position
        # A position or a time that is yet to come was written by somebody else: to sign is to find out.
        late = abs(self._clock() - signed.at) >= EVERY
        return grown >= EVENTS or grown < 0 or (grown > 0 and late)

    def _make(self) -> Checkpoint | None:
        position, digest = self._checked_head()
        if position == 0:
            return None
        ring = self._keys.ring()
        at = self._clock()
        if len(ring) > 1:
            # The keys have changed: the oldest one signs once more, and names the newest.
            successor = str(verifier_of(self._origin, ring[0].secret))
            if successor not in self._keys_used():
                handing_over = Checkpoint(self._origin, position, digest, at, successor)
                self._keep(handing_over, ring[-1].secret)
            self._drop(ring[1:])
        made = Checkpoint(self._origin, position, digest, at)
        self._keep(made, ring[0].secret)
        self._status = replace(self._status, position=position, at=at)
        return made

    def _keys_used(self) -> Sequence[str]:
        with self._store.read() as rows:
            return kept_rows.keys_used(rows)

    def _drop(self, former: Sequence[SigningKey]) -> None:
        # Where the file is another's to change, he may leave them: they have handed over.
        with contextlib.suppress(Unavailable):
            for one in former:
                self._keys.drop(one.key_id)

    def _keep(self, checkpoint: Checkpoint, secret: bytes) -> None:
        note = signed_note(checkpoint.text, self._origin, secret)
        verifier = str(verifier_of(self._origin, secret))
        self._bus.call_blocking(lambda work: kept_rows.keep(work.rows, checkpoint, note, verifier))

    def _checked_head(self) -> tuple[int, bytes]:
        """Return the head, once the chain leads to it from the last checkpoint."""
        last = self._newest()
        signed = last.checkpoint if last else None
        check = ChainCheck(
            position=signed.position if signed else 0, digest=signed.hash if signed else GENESIS
        )
        end, digest = self._store.chain_head()
        for links in links_until(self._store, end, check.position):
            broken = check.follow(links)
            if broken is not None:
                raise ChainBroken(f"broken at event {broken.position:,}: {broken.why}")
        if (check.position, check.hash) != (end, digest):
            raise ChainBroken(f"the log says that it ends at {end:,}; its chain does not")
        return end, digest

    def _undelivered(self) -> Sequence[Kept]:
        places = self._places
        with self._store.read() as rows:
            return kept_rows.undelivered(
                rows,
                stream=places.stream is not None,
                file=places.file is not None,
                stamp=places.authority is not None,
            )

    async def _deliver(self, one: Kept) -> list[str]:
        """Take one to each place that lacks it; return what went wrong, one place not for another."""
        faults: list[str] = []
        witnessed = one.witnessed
        for step in (self._to_authority, self._to_stream, self._to_file):
            try:
                witnessed = await step(one, witnessed)
            except Unwitnessed as fault:
                faults.append(str(fault))
        return faults

    async def _to_authority(self, one: Kept, witnessed: Witnessed) -> Witnessed:
        authority = self._places.authority
        if authority is None or witnessed.timestamp is not None:
            return witnessed
        stamped = Witnessed(witnessed.note, await authority.stamp(witnessed.note.encode()))
        await self._bus.call(lambda work: kept_rows.stamped(work.rows, one.number, stamped))
        return stamped

    async def _to_stream(self, one: Kept, witnessed: Witnessed) -> Witnessed:
        stream = self._places.stream
        if stream is not None and not one.in_stream:
            await stream.put(one.checkpoint.position, witnessed)
            await self._arrived(one, "stream")
        return witnessed

    async def _to_file(self, one: Kept, witnessed: Witnessed) -> Witnessed:
        path = self._places.file
        if path is not None and not one.in_file:
            await anyio.to_thread.run_sync(self._append, path, witnessed)
            await self._arrived(one, "file")
        return witnessed

    def _append(self, path: Path, witnessed: Witnessed) -> None:
        with self._one_at_a_time:
            NoteFile(path).put(witnessed)

    async def _arrived(self, one: Kept, place: str) -> None:
        await self._bus.call(lambda work: kept_rows.arrived(work.rows, one.number, place=place))

    def _newest(self) -> Kept | None:
        with self._store.read() as rows:
            return kept_rows.newest(rows)
