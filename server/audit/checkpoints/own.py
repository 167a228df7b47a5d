"""What this machine itself has of checkpoints: those in its database, and the keys that it names as its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.checkpoint import Witnessed
from domain.ports import EventStore, SigningKey
from server.audit.checkpoints import rows as kept_rows
from server.audit.checkpoints.notes import Verifier, parse_verifier, verifier_of


@dataclass(frozen=True, slots=True)
class InDatabase:
    """The checkpoints of a database in order, and the verifier keys that have signed there."""

    witnessed: Sequence[Witnessed]
    verifiers: Sequence[str]


def in_database(store: EventStore) -> InDatabase:
    """Return what a database has; raises `BadNote`."""
    with store.read() as rows:
        witnessed = [one.witnessed for one in kept_rows.kept(rows)]
        return InDatabase(witnessed, kept_rows.keys_used(rows))


def verifiers(origin: str, ring: Iterable[SigningKey]) -> list[Verifier]:
    """Return the public halves of private keys."""
    return [verifier_of(origin, one.secret) for one in ring]


def own_keys(found: InDatabase, origin: str, ring: Iterable[SigningKey]) -> frozenset[Verifier]:
    """Return the keys that this machine names itself, of now and of before; raises `BadNote`."""
    return frozenset([*map(parse_verifier, found.verifiers), *verifiers(origin, ring)])
