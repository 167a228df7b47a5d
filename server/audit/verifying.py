"""Whether the log is the one that was written: the chain from the first event to the head."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.chain import Broken, ChainCheck, Link
from domain.ports import EventStore
from server.audit.batches import links_until
from server.bad_file import BadFile
from server.rebuilding.collecting import seldom_collected

_HEAD = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the log was found whole, its hash there, and what is broken, if anything is."""

    position: int
    hash: bytes
    broken: Broken | None

    @property
    def head(self) -> str:
        """The head as it is noted: ``POSITION:HASH``."""
        return f"{self.position}:{self.hash.hex()}"


class BadHead(BadFile):
    """A head is not written as verification prints it."""


def parse_heads(texts: Sequence[str]) -> dict[int, bytes]:
    """Return heads that were noted, by position; raises `BadHead`."""
    heads: dict[int, bytes] = {}
    for text in texts:
        parts = _HEAD.fullmatch(text.strip())
        if parts is None:
            raise BadHead(f"{text[:80]!r} is no head: it is POSITION:HASH, as verify prints it")
        position, digest = int(parts[1]), bytes.fromhex(parts[2])
        if heads.setdefault(position, digest) != digest:
            raise BadHead(f"two heads that were noted disagree on position {position:,}")
    return heads


def verify(
    log: EventStore, expected: Mapping[int, bytes], report: Callable[[int, int], None]
) -> Verified:
    """Follow the chain to where the log says that it ends; `report` hears positions done and in all.
    What is appended meanwhile is left to the next time."""
    end, digest = log.chain_head()
    found = verify_links(links_until(log, end), (end, digest), expected, report)
    if found.broken is None:
        return replace(found, broken=_beyond(log, end))
    return found


def verify_links(
    batches: Iterable[Sequence[Link]],
    head: tuple[int, bytes],
    expected: Mapping[int, bytes],
    report: Callable[[int, int], None],
) -> Verified:
    """Follow the chain along these links to a head: its position and hash."""
    check = ChainCheck(expected)
    with seldom_collected():
        for links in batches:
            broken = check.follow(links)
            if broken is not None:
                return Verified(check.position, check.hash, broken)
            report(check.position, head[0])
    return Verified(check.position, check.hash, check.end(*head))


def _beyond(log: EventStore, end: int) -> Broken | None:
    """Look for events behind the end that no append has put there: one would have moved the end."""
    links = log.links_after(end, 1)
    if links and log.chain_head()[0] < links[0][0]:
        return Broken(links[0][0], "it stands behind the end of the log")
    return None
