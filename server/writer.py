"""The one writer: a thread that drains waiting jobs, runs them in one transaction and commits once
for all of them. A job's answer is given only after its commit is durable; a job that raises is
undone alone. It knows nothing of commands or events: jobs do.

Savepoints cost a fifth of a command, and nearly every job that is refused is refused before it has
written anything. So a batch is run without them first; should a job fail that had written, the
whole transaction is undone and the batch is run again, each job in a savepoint of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

from domain.errors import ChangedMeanwhile, Refused
from domain.ports import EventStore, RowConflict, StreamMoved, Transaction, Unavailable
from server.asking import ASKER, Asker, NotBegun, still_wanted
from server.telemetry.bus_notes import BusNotes, Ticket, ticket
from server.telemetry.current import enter

Answer = TypeVar("Answer")
BATCH = 512
"""Most jobs in one transaction; bounds how long one waits for the commit of others."""
BACKLOG = 10_000
"""Most jobs waiting; beyond it the writer is overloaded and says so at once."""

_log = logging.getLogger(__name__)


class Batch(Protocol):
    """What jobs share inside one transaction, told of its end."""

    def begin(self, transaction: Transaction) -> None:
        """Take the new transaction."""

    def keep(self) -> None:
        """The job just run stays in the transaction."""

    def drop(self) -> None:
        """The job just run was undone."""

    def undone(self) -> None:
        """The transaction was rolled back, and nothing of it ever was."""

    def committed(self) -> None:
        """The transaction is durable."""

    def abandoned(self) -> None:
        """The transaction is gone, or nobody knows."""


@dataclass(slots=True)
class _Job:
    run: Callable[[], object]
    reply: Future[object] | asyncio.Future[object]
    loop: asyncio.AbstractEventLoop | None
    ticket: Ticket = field(default_factory=ticket)
    asker: Asker | None = None
    answer: object = None
    fault: BaseException | None = None


@dataclass(frozen=True, slots=True)
class WriterLoad:
    """How many jobs wait and how many may, for how long the writer has been at its present commit (0 if
    it has none), whether it lives, and whether the last commit that wrote anything failed."""

    waiting: int
    most: int
    busy_seconds: float
    alive: bool
    failing: bool = False


class _Spoilt(Exception):  # noqa: N818 - says what happened
    """A job failed in the middle of its writes; without a savepoint all must be undone."""


class Writer:
    """Runs jobs in group commits on a thread of its own, from `start` until `close`."""

    def __init__(
        self, store: EventStore, batch: Batch, grown: Callable[[], None], notes: BusNotes
    ) -> None:
        """`grown` is called on the writer's thread after each commit that appended an event; it must
        not block. Rows alone wake nobody: those who are woken write rows themselves."""
        self._store = store
        self._batch = batch
        self._grown = grown
        self._notes = notes
        self._began = 0.0
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._drain, name="doorward-writer", daemon=True)
        self._accepting = False
        self._failing = False

    def start(self) -> None:
        """Begin to take jobs."""
        self._accepting = True
        self._thread.start()

    def close(self) -> None:
        """Finish the jobs that wait, then stop."""
        if self._accepting:
            self._accepting = False
            self._jobs.put(None)
            self._thread.join()

    async def call(self, job: Callable[[], Answer]) -> Answer:
        """Run a job and return its answer once durable. Cancelling does not undo a job. One that has not
        begun when its client has gone, or has waited for too long, is not done (`NotBegun`)."""
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[object] = loop.create_future()
        self._put(_Job(job, reply, loop, asker=ASKER.get()))
        return await reply  # type: ignore[return-value]  # the job's own answer comes back

    def call_blocking(self, job: Callable[[], Answer]) -> Answer:
        """Do the same for a caller outside any event loop."""
        reply: Future[object] = Future()
        self._put(_Job(job, reply, None))
        return reply.result()  # type: ignore[return-value]  # the job's own answer comes back

    def load(self) -> WriterLoad:
        """Return how much it has to do, from any thread."""
        began = self._began
        busy = time.perf_counter() - began if began else 0.0
        alive = self._thread.is_alive()
        return WriterLoad(self._jobs.qsize(), BACKLOG, busy, alive, self._failing)

    def _put(self, job: _Job) -> None:
        if not self._accepting:
            msg = "the server is shutting down"
            raise Unavailable(msg)
        if self._jobs.qsize() >= BACKLOG:
            msg = "too many writes are waiting; try again in a moment"
            raise NotBegun(msg)
        self._jobs.put(job)

    def _drain(self) -> None:
        stopping = False
        while not stopping:
            first = self._jobs.get()
            jobs = [] if first is None else [first]
            stopping = first is None
            while not stopping and len(jobs) < BATCH:
                try:
                    job = self._jobs.get_nowait()
                except Empty:
                    break
                if job is None:
                    stopping = True
                else:
                    jobs.append(job)
            jobs = _wanted(jobs, time.perf_counter())
            if jobs:
                self._began = time.perf_counter()
                self._commit(jobs)
                ended, began, self._began = time.perf_counter(), self._began, 0.0
                _reply(jobs)
                self._notes.replied([job.ticket for job in jobs], began, ended)

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            try:
                grown = self._attempt(jobs, self._run)
            except (_Spoilt, RowConflict, StreamMoved):
                # The last two are those of writes that had waited: of which job's, the next run shows.
                self._batch.undone()
                self._notes.undone()
                grown = self._attempt(jobs, self._run_in_savepoint)
        except Exception as fault:  # noqa: BLE001 - every waiting caller must get an answer
            self._failing = True
            self._batch.abandoned()
            self._notes.abandoned()
            _fail(jobs, fault)
            return
        self._batch.committed()
        self._notes.committed()
        if grown:
            self._grown()

    def _attempt(self, jobs: list[_Job], run: Callable[[Transaction, _Job], None]) -> bool:
        """Run the jobs in one transaction and commit it; say whether the log has grown."""
        with self._store.write() as transaction:
            before, untouched = transaction.head, transaction.touched
            self._batch.begin(transaction)
            for job in jobs:
                job.fault = None
                run(transaction, job)
        # What only reads commits on a full disk as well.
        self._failing = self._failing and transaction.touched == untouched
        return transaction.head != before

    def _run(self, transaction: Transaction, job: _Job) -> None:
        before = transaction.touched
        enter(job.ticket.parent)
        try:
            job.answer = job.run()
        except Refused as refusal:
            if transaction.touched != before:
                raise _Spoilt from refusal
            self._batch.drop()
            self._notes.drop()
            job.fault = refusal
        except Unavailable:
            raise
        except Exception as fault:
            # The database may have given up the transaction already, as PostgreSQL does.
            raise _Spoilt from fault
        else:
            self._batch.keep()
            self._notes.keep()

    def _run_in_savepoint(self, transaction: Transaction, job: _Job) -> None:
        enter(job.ticket.parent)
        try:
            with transaction.savepoint():
                job.answer = job.run()
        except Unavailable:
            raise
        except StreamMoved:
            self._batch.drop()
            self._notes.drop()
            job.fault = ChangedMeanwhile()
        except Exception as fault:  # noqa: BLE001 - handed to the job's caller, who judges it
            self._batch.drop()
            self._notes.drop()
            job.fault = fault
        else:
            self._batch.keep()
            self._notes.keep()


def _wanted(jobs: list[_Job], now: float) -> list[_Job]:
    """Return the jobs to begin. The others' clients have gone, or will have: they hear that nothing was
    done, and make nobody else wait."""
    late = [one for one in jobs if not still_wanted(one.asker, now - one.ticket.since)]
    for one in late:
        one.fault = NotBegun("it had waited for too long")
    _reply(late)
    return [one for one in jobs if one.fault is None] if late else jobs


def _fail(jobs: Iterable[_Job], fault: Exception) -> None:
    """Nothing of the batch may be assumed: every job fails that had not been refused anyway."""
    if not isinstance(fault, Unavailable):
        _log.error("a group commit failed", exc_info=fault)
    for job in jobs:
        if not isinstance(job.fault, Refused):
            job.fault = fault


def _reply(jobs: list[_Job]) -> None:
    """Answer the callers; one wake-up for each event loop, not for each job."""
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        if job.loop is None:
            _settle([job])
        else:
            loops.setdefault(job.loop, []).append(job)
    for loop, theirs in loops.items():
        try:
            loop.call_soon_threadsafe(_settle, theirs)
        except RuntimeError:
            _log.warning("%d answers came after their event loop had closed", len(theirs))


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.reply.done():
            continue
        if job.fault is not None:
            job.reply.set_exception(job.fault)
        else:
            job.reply.set_result(job.answer)
