"""The parent: starts the workers, watches them, and does what signals ask. One thread and one loop, which
waits for signals and for what workers say, and after each looks at what there is and what there should be."""

from __future__ import annotations

import logging
import selectors
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from server.setting_parsers import MOST_WORKERS
from server.supervision.notices import Notices
from server.workers.banner import show_banner
from server.workers.channel import Message
from server.workers.kept_process import KeptProcess
from server.workers.metrics_folder import VARIABLE, forget_measures, metrics_folder
from server.workers.replacement import Replacement
from server.workers.standing import standing
from server.workers.worker import Worker

STEADY_SECONDS = 10.0
PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
LOOK_SECONDS = 0.25
"""How often deadlines are looked at while there are any."""
HEARD = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGUSR2,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGCHLD,
)
_log = logging.getLogger(__name__)


class Parent:
    """Runs a number of workers on one listening socket until it is told to end."""

    def __init__(
        self,
        listener: socket.socket,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        wanted: int,
        notices: Notices | None = None,
    ) -> None:
        """`arguments` are those of the command line that a worker is started with; `notices` tell whoever has
        started us how all fare."""
        self._listener = listener
        self._arguments = arguments
        self._environment = dict(environment)
        self._wanted = wanted
        self._notices = notices
        self._workers: list[Worker] = []
        self._replacement = Replacement()
        self._kept: KeptProcess | None = None
        self._selector = selectors.DefaultSelector()
        self._metrics = Path()
        self._banner: str | None = None
        self._announced = False
        self._stopping = False
        self._code = 0
        self._failures = 0
        self._not_before = 0.0

    def run(self) -> int:
        """Serve until the end; return the exit code."""
        with ExitStack() as opened:
            self._metrics = opened.enter_context(metrics_folder())
            self._environment[VARIABLE] = str(self._metrics)
            opened.callback(self._selector.close)
            opened.callback(self._stop_kept)
            signals = opened.enter_context(_heard_signals())
            self._selector.register(signals, selectors.EVENT_READ)
            self._start()
            while self._workers or not self._stopping:
                for key, _ in self._selector.select(self._pause()):
                    if key.data is None:
                        self._take_signals(signals.recv(4_096))
                    else:
                        self._hear(key.data)
                self._reap()
                self._reconcile()
                self._tell()
        return self._code

    def _pause(self) -> float | None:
        """Return how long to wait when nothing happens: for ever, unless something has a deadline."""
        pending = any(one.ending for one in self._workers) or self._missing() > 0
        most = None if self._notices is None else self._notices.report_seconds
        return min(LOOK_SECONDS, most or LOOK_SECONDS) if pending else most

    def _tell(self) -> None:
        notices = self._notices
        if notices is not None:
            notices.fares(standing(self._living(), self._wanted, notices.watchdog_seconds))

    def _take_signals(self, numbers: bytes) -> None:
        for number in numbers:
            if number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2):
                self._end_all(gently=number == signal.SIGUSR2)
            elif number == signal.SIGHUP and self._announced:
                self._replacement.begin(self._living())
            elif number == signal.SIGTTIN:
                self._wanted = min(self._wanted + 1, MOST_WORKERS)
            elif number == signal.SIGTTOU:
                self._wanted = max(self._wanted - 1, 1)

    def _end_all(self, *, gently: bool = False) -> None:
        self._stopping = True
        if self._notices is not None:
            self._notices.stopping()
        for one in self._workers:
            one.end(gently=gently)

    def _hear(self, worker: Worker) -> None:
        for message in worker.channel.received():
            if "ready" in message:
                worker.begins()
                self._banner = message["ready"] if worker.first else self._banner
            elif "fares" in message:
                worker.fares(message["fares"])
            elif "keep" in message:
                worker.channel.send({"kept": self._keep(message)})
        if worker.channel.closed:
            self._selector.unregister(worker.channel)

    def _keep(self, message: Message) -> int:
        """Keep the program running that all workers share; return 0 or the number of the fault."""
        try:
            if self._kept is None:
                log, lock = Path(message["log"]), Path(message["lock"])
                self._kept = KeptProcess(message["keep"], log, lock)
        except OSError as fault:
            return fault.errno or -1
        return 0

    def _stop_kept(self) -> None:
        if self._kept is not None:
            self._kept.stop()

    def _reap(self) -> None:
        for one in [one for one in self._workers if one.process.poll() is not None]:
            self._workers.remove(one)
            if not one.channel.closed:
                self._selector.unregister(one.channel)
            one.close()
            forget_measures(self._metrics, one.pid)
            self._replacement.ended(one)
            if not one.ending:
                self._ended_unasked(one)

    def _ended_unasked(self, worker: Worker) -> None:
        code = worker.process.returncode
        if not self._announced:
            # It has said why, unless it could not.
            if code != 1:
                sys.stderr.write(f"doorward: a worker {_ending(code)} before it was ready\n")
            self._code = 1
            self._end_all()
            return
        if not worker.ready and self._replacement.give_up():
            _log.error("a new worker could not start; those that serve go on")
        steady = time.monotonic() - worker.began > STEADY_SECONDS
        self._failures = 0 if steady else self._failures
        pause = self._pause_to_start()
        _log.error("worker %s %s; another is started in %s s", worker.pid, _ending(code), pause)

    def _pause_to_start(self) -> float:
        """Start nobody for a while, the longer the more often that was needed; return for how many seconds."""
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        self._not_before = time.monotonic() + pause
        return pause

    def _reconcile(self) -> None:
        for one in self._workers:
            if one.hurry():
                _log.error("worker %s did not end in time, and was killed", one.pid)
        if self._stopping:
            return
        if time.monotonic() >= self._not_before:
            self._start_missing()
        self._announce()
        self._let_go()

    def _let_go(self) -> None:
        """Let a worker go whose successor answers, or who is one too many."""
        living = self._living()
        if len(living) < len(self._workers) or not all(one.ready for one in living):
            return
        too_many = living[0] if self._missing() < 0 else None
        going = self._replacement.next() if self._missing() == 0 else too_many
        if going is not None:
            going.end(gently=True)

    def _missing(self) -> int:
        """Return how many workers there should be beyond those there are."""
        if self._stopping:
            return 0
        wanted = self._wanted if self._banner is not None else 1
        leaving = any(one.ending for one in self._workers)
        # A successor comes only when the one before has ended: one more process at a time.
        successor = int(self._replacement.going_on and not leaving)
        return wanted + successor - len(self._living())

    def _living(self) -> list[Worker]:
        return [one for one in self._workers if not one.ending]

    def _announce(self) -> None:
        """Tell people, once, when all workers answer."""
        ready = [one for one in self._living() if one.ready]
        if not self._announced and self._banner is not None and len(ready) >= self._wanted:
            self._announced = True
            show_banner(self._banner)

    def _start_missing(self) -> None:
        try:
            for _ in range(self._missing()):
                self._start()
        except OSError as fault:
            # The machine has no descriptor, process or memory to spare just now. Those that serve go on.
            if not self._workers:
                raise
            pause = self._pause_to_start()
            _log.error("no worker can be started: %s; trying again in %s s", fault.strerror, pause)

    def _start(self) -> None:
        worker = Worker(
            self._listener,
            self._arguments,
            self._environment,
            first=self._banner is None,
            report_seconds=0.0 if self._notices is None else self._notices.report_seconds,
        )
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


@contextmanager
def _heard_signals() -> Iterator[socket.socket]:
    """Let signals arrive as bytes at a socket until the block is left."""
    listening, telling = socket.socketpair()
    telling.settimeout(0)

    def heard(_number: int, _frame: FrameType | None) -> None:
        """Do nothing: its number is at the socket."""

    with listening, telling:
        kept = {one: signal.signal(one, heard) for one in HEARD}
        former = signal.set_wakeup_fd(telling.fileno())
        try:
            yield listening
        finally:
            signal.set_wakeup_fd(former)
            for number, handler in kept.items():
                signal.signal(number, handler)
