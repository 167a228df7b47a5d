"""A store copied into an empty one, in one transaction there, and verified: the chain is followed over what
is read and again over what was written, and the rows of each table are counted and digested on both
sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from domain.bulk import Column
from domain.chain import Broken, ChainCheck, Link
from domain.ports import EventStore, Rows
from server.bad_file import BadFile
from server.rebuilding.differences import in_chunks
from server.rebuilding.tables import Table

AT_ONCE = 5_000
"""Events that are followed at a time."""
_DIGEST_BYTES = 16

Report = Callable[[int, int], None]


class NotCopied(BadFile):
    """The store was not copied, and the other one is as it was; the message says why."""


class NotTheSame(BadFile):
    """The copy is not what was copied: it must not be used."""


@dataclass(slots=True)
class Tally:
    """How many rows there were, and a digest of them that does not depend on their order."""

    rows: int = 0
    digest: int = 0

    def over(self, rows: Iterable[Sequence[Column]]) -> Iterator[Sequence[Column]]:
        """Yield the rows as they come, and count them."""
        for row in rows:
            found = blake2b(repr(tuple(row)).encode("utf-8", "replace"), digest_size=_DIGEST_BYTES)
            self.rows += 1
            self.digest = (self.digest + int.from_bytes(found.digest())) % (1 << 8 * _DIGEST_BYTES)
            yield row


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: events, the hash of the last, and the rows of each table."""

    events: int
    hash: bytes
    tables: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def head(self) -> str:
        """The head as auditors note it: ``POSITION:HASH``."""
        return f"{self.events}:{self.hash.hex()}"


def copy_store(
    source: EventStore,
    destination: EventStore,
    kept: Sequence[Table],
    derived: Sequence[Table],
    report: Report,
) -> Copied:
    """Copy the log and the kept tables; `report` hears events read and in all. Raises `NotCopied` where the
    destination holds anything or the source's chain is broken, `NotTheSame` if it does not verify."""
    with source.read() as there, destination.write() as transaction:
        here = transaction.rows
        _expect_nothing(here, transaction.head, (*kept, *derived))
        position, digest = there.bulk.log_end()
        check = ChainCheck()
        links = _followed(there.bulk.links(), check, position, report)
        here.bulk.load_log(links, position, digest)
        _expect_whole(check.end(position, digest))
        copied = Copied(position, digest, {table.name: Tally() for table in kept})
        for table in kept:
            rows = copied.tables[table.name].over(there.bulk.scan(table.name, table.columns))
            here.bulk.load(table.name, table.columns, rows)
    _verify(destination, copied, kept)
    return copied


def _expect_nothing(rows: Rows, head: int, tables: Iterable[Table]) -> None:
    held = next(
        (one.name for one in tables if rows.select(f"SELECT 1 FROM {one.name} LIMIT 1")), None
    )
    if head or held:
        what = f"{head:,} events" if head else f"rows in {held}"
        raise NotCopied(f"it holds something already: {what}; name a database that is empty")


def _followed(
    links: Iterable[Link], check: ChainCheck, end: int, report: Report
) -> Iterator[Link]:
    """Yield the links as they come, once the chain is whole up to them."""
    for chunk in in_chunks(links, AT_ONCE):
        _expect_whole(check.follow(chunk))
        yield from chunk
        report(check.position, end)


def _expect_whole(broken: Broken | None) -> None:
    if broken is not None:
        raise NotCopied(f"the log is not whole at position {broken.position:,}: {broken.why}")


def _verify(destination: EventStore, copied: Copied, kept: Sequence[Table]) -> None:
    """Read what was written, and compare; raises `NotTheSame`."""
    with destination.read() as here:
        check = ChainCheck({copied.events: copied.hash} if copied.events else None)
        broken = next(filter(None, map(check.follow, in_chunks(here.bulk.links(), AT_ONCE))), None)
        broken = broken or check.end(*here.bulk.log_end())
        if broken is not None or (check.position, check.hash) != (copied.events, copied.hash):
            raise NotTheSame("the log differs from the one that was copied; do not use the copy")
        for table in kept:
            tally = Tally()
            for _ in tally.over(here.bulk.scan(table.name, table.columns)):
                pass
            if tally != copied.tables[table.name]:
                raise NotTheSame(
                    f"table {table.name} differs from what was copied; do not use the copy"
                )
