"""How much, and how long, a client may take of the HTTP server. Everything that a stranger can make
grow has a number here."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """The server's bounds; seconds are kept to the precision of `tick_seconds`."""

    url_bytes: int = 16 * KIB
    """A longer request target is answered with 414."""
    head_bytes: int = 32 * KIB
    """Request line and headers; beyond it 431."""
    headers: int = 100
    """Beyond it 431."""
    body_bytes: int = 16 * MIB
    """Of one request on the wire, framing included; beyond it 413. Routes have smaller limits."""
    buffered_bytes: int = 64 * KIB
    """Of a body that the application has not taken yet; then the socket is not read."""
    pipelined: int = 16
    """Requests that wait behind one of the same connection; beyond it the connection ends."""
    head_seconds: float = 10.0
    """From the first byte of a request to the end of its head; then 408."""
    body_seconds: float = 30.0
    """For the whole body, while the application takes it; then 408."""
    write_seconds: float = 30.0
    """Without a client taking anything of an answer that waits for it; then it is cut off."""
    idle_seconds: float = 75.0
    """Between requests: more than the 60 seconds for which common proxies keep a connection, so that
    it is they who close it."""
    linger_seconds: float = 2.0
    """In which what a refused client still sends is thrown away, so that it can read why."""
    connections: int = 4_096
    """Open at once. Beyond it idle ones are closed to make room; where none is idle, 503."""
    requests: int = 1_000
    """Being answered at once; beyond it 503. A stream counts until it has begun."""
    quiet_seconds: float = 0.5
    """For how long a kept connection must be quiet before it is closed while the server drains."""
    drain_seconds: float = 10.0
    """For all that is at work when the server drains; then it is cut off."""
    tick_seconds: float = 0.5
    """Between looks at the clock, which is asked once for all connections."""

    @property
    def from_one_address(self) -> int:
        """Connections from one address, unless it is a trusted proxy's or this machine's own: an
        address may be a whole office, yet must not shut everybody else out."""
        return max(1, self.connections // 2)
