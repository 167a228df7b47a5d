"""Datagrams to the service manager, without its library: lines of names and values at the socket that the
environment names."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Protocol

SOCKET, INTERVAL, MEANT = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
MICROSECONDS = 1_000_000
REPORT_SECONDS = 10.0
"""Between reports, at most."""
REPORTS = 3
"""In one interval of the watchdog, so that a single one may come late."""
PATIENCE = 3_600 * MICROSECONDS
"""A start may take so long: the first one after an upgrade may rebuild read models."""
LONGEST = 200
"""Characters of a status."""
DIGITS = 18


@dataclass(frozen=True, slots=True)
class Condition:
    """How a process fares: `fault` is what a restart helps against, `reasons` are why requests should go
    elsewhere. Both are empty where all is well."""

    fault: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether requests should be sent here."""
        return not self.fault and not self.reasons

    def __str__(self) -> str:
        if self.fault:
            return f"stuck: {self.fault}"
        return f"not ready: {'; '.join(self.reasons)}" if self.reasons else "ready"


class Supervisor(Protocol):
    """Whoever is told."""

    @property
    def report_seconds(self) -> float:
        """How often he wants to hear."""

    def fares(self, condition: Condition) -> None:
        """Tell him how this process fares."""

    def stopping(self) -> None:
        """Tell him that it has begun to end."""


class Notices:
    """A service manager's socket. What cannot be sent is not: readiness is said again with the next report."""

    def __init__(self, address: bytes, watchdog_seconds: float = 0.0) -> None:
        """`watchdog_seconds` are those after which silence means that we are stuck; 0 for never."""
        self._address = address
        self.watchdog_seconds = watchdog_seconds
        self._ready = self._stopping = False

    @property
    def report_seconds(self) -> float:
        """How often it wants to hear."""
        return min(self.watchdog_seconds / REPORTS or REPORT_SECONDS, REPORT_SECONDS)

    def starting(self) -> None:
        """Say that we have begun to start, and may take long."""
        self._send([f"EXTEND_TIMEOUT_USEC={PATIENCE}", "STATUS=starting"])

    def fares(self, condition: Condition) -> None:
        """Say how we fare; the first time that all is well, that we are ready."""
        if self._stopping:
            return
        lines = [f"STATUS={_line(str(condition))}"]
        if not condition.fault:
            if condition.ready and not self._ready:
                lines.insert(0, "READY=1")
            elif not self._ready:
                lines.append(f"EXTEND_TIMEOUT_USEC={PATIENCE}")
            if self.watchdog_seconds:
                lines.append("WATCHDOG=1")
        sent = self._send(lines)
        self._ready = self._ready or (sent and condition.ready)

    def stopping(self) -> None:
        """Say that we have begun to end, once; nothing comes after it."""
        if not self._stopping:
            self._stopping = True
            self._send(["STOPPING=1", "STATUS=stopping"])

    def _send(self, lines: Sequence[str]) -> bool:
        """Say whether it was sent."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                # Who does not take it at once is not waited for.
                line.settimeout(0)
                line.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return False
        return True


def notices_of(environment: MutableMapping[str, str], pid: int) -> Notices | None:
    """Return the socket of whoever has started the process `pid`, None where nobody wants to hear. It is taken
    out of the environment, which children inherit."""
    address = environment.pop(SOCKET, "")
    interval, meant = environment.pop(INTERVAL, ""), environment.pop(MEANT, "")
    if address[:1] not in ("/", "@") or not address[1:]:
        return None
    seconds = _seconds(interval) if meant in ("", str(pid)) else 0.0
    path = os.fsencode(address)
    # Names that are no files begin with a zero byte, which no variable can hold (unix(7)).
    return Notices(b"\0" + path[1:] if address[0] == "@" else path, seconds)


def _seconds(microseconds: str) -> float:
    good = microseconds.isascii() and microseconds.isdecimal() and len(microseconds) <= DIGITS
    return int(microseconds) / MICROSECONDS if good else 0.0


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
