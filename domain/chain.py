"""The hash chain over the log: each event's hash covers its stored bytes, its place and the hash before
it, so that no event can change, vanish, come in between or move without every later hash changing too.
`ChainCheck` follows it and names the first event that is not what it was. A bare chain does not stop an
owner of the whole database from computing it anew: for that, some hash must be known elsewhere
(`Expected`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

GENESIS = bytes(32)
"""What stands before the first event."""

Link = tuple[int, str, int, str, bytes, bytes]
"""An event as it is stored: position, stream, version in the stream, topic, state, hash."""


def linked(
    previous: bytes, position: int, stream: str, version: int, topic: str, state: bytes
) -> bytes:
    """Return the SHA-256 of a stored event at its position, after the event hashed `previous`.

    No text in the head holds a NUL, so it is unambiguous; the state comes last.
    """
    head = f"{position}\0{stream}\0{version}\0{topic}\0".encode()
    return sha256(b"".join((previous, head, state))).digest()


@dataclass(frozen=True, slots=True)
class Broken:
    """The first event that is not what it was: its position, and in what."""

    position: int
    why: str


class ChainCheck:
    """Follows the chain, as the links come, from the first event on or from where it is known."""

    def __init__(
        self,
        expected: Mapping[int, bytes] | None = None,
        *,
        position: int = 0,
        digest: bytes = GENESIS,
    ) -> None:
        """`expected` are hashes that are known from elsewhere, by position; the chain begins after
        `position`, where its hash was `digest`."""
        self._expected = dict(expected or {})
        self.position = position
        self.hash = digest

    def follow(self, links: Iterable[Link]) -> Broken | None:
        """Follow these links as far as they are good; return what is broken behind that, or None."""
        position, good, expected = self.position, self.hash, self._expected
        fault: tuple[int, str] | None = None
        for at, stream, version, topic, state, digest in links:
            if at != position + 1:
                fault = position + 1, f"it is missing: the next one stands at {at}"
                break
            try:
                computed = linked(good, at, stream, version, topic, state)
            except TypeError:
                fault = at, "it is not stored as events are"
                break
            if computed != digest:
                fault = at, "its content, its place or what stands before it has changed"
                break
            if at in expected and expected.pop(at) != digest:
                fault = at, "its hash is another than the one that is known from elsewhere"
                break
            position, good = at, computed
        self.position, self.hash = position, good
        return None if fault is None else Broken(*fault)

    def end(self, position: int, digest: bytes) -> Broken | None:
        """Compare where the chain ends with where the log says that it ends, and with what is known
        from elsewhere."""
        if (self.position, self.hash) != (position, digest):
            at = min(self.position, position) + 1
            return Broken(
                at, f"the log says that it ends at {position}, it ends at {self.position}"
            )
        beyond = min(self._expected, default=None)
        if beyond is not None:
            return Broken(beyond, "it is known from elsewhere, and not there")
        return None
