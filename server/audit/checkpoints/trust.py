"""Which checkpoints count: those signed by a trusted key, and by the keys to which a trusted one has handed
over. Two that disagree on one position prove that history was written anew in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.checkpoint import Checkpoint, NotACheckpoint, Witnessed, parse_checkpoint
from server.audit.checkpoints.notes import BadNote, Note, Verifier, parse_note, parse_verifier


@dataclass(frozen=True, slots=True)
class Believed:
    """The checkpoints of a source that count, and what is wrong with the others, in words."""

    checkpoints: tuple[Checkpoint, ...]
    faults: tuple[str, ...]
    trusted: frozenset[Verifier]


def believe(
    witnessed: Iterable[Witnessed], trusted: Iterable[Verifier], origin: str, source: str
) -> Believed:
    """Return what of a source is to be believed; the notes may come in any order."""
    faults = list[str]()
    read = list(_read(witnessed, origin, source, faults))
    keys = _handed_over(read, frozenset(trusted))
    believed: list[Checkpoint] = []
    for checkpoint, note in sorted(read, key=lambda pair: (pair[0].position, pair[0].at)):
        if any(key.signed(note) for key in keys):
            believed.append(checkpoint)
        else:
            at = f"{source}: the checkpoint at {checkpoint.position:,}"
            faults.append(f"{at} is not signed by a trusted key")
    return Believed(tuple(believed), tuple(faults), keys)


def _read(
    witnessed: Iterable[Witnessed], origin: str, source: str, faults: list[str]
) -> Iterator[tuple[Checkpoint, Note]]:
    for one in witnessed:
        try:
            note = parse_note(one.note)
            checkpoint = parse_checkpoint(note.text)
        except (BadNote, NotACheckpoint) as fault:
            faults.append(f"{source}: {fault}")
            continue
        if checkpoint.origin == origin:
            yield checkpoint, note
        else:
            faults.append(f"{source}: a checkpoint is of another log: {checkpoint.origin}")


def _handed_over(
    read: Sequence[tuple[Checkpoint, Note]], trusted: frozenset[Verifier]
) -> frozenset[Verifier]:
    """Return the trusted keys with those to which they have handed over, and so on."""
    named = [(one.successor, note) for one, note in read if one.successor is not None]
    keys, before = trusted, frozenset[Verifier]()
    while keys != before:
        before = keys
        for successor, note in named:
            if any(key.signed(note) for key in before):
                keys |= _verifiers(successor)
    return keys


def _verifiers(text: str) -> frozenset[Verifier]:
    try:
        return frozenset({parse_verifier(text)})
    except BadNote:
        return frozenset()


def disagreement(checkpoints: Iterable[Checkpoint]) -> str | None:
    """Return in words where two checkpoints tell two stories, None where they all tell one."""
    known: dict[int, bytes] = {}
    for one in checkpoints:
        if known.setdefault(one.position, one.hash) != one.hash:
            return f"two checkpoints disagree on position {one.position:,}"
    return None
