"""Everything that is verified, each as a finding: the chain with the checkpoints that stand outside, time stamps,
the stream, read models, decisions. A finding says in a sentence what was looked at, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.chain import Broken
from domain.checkpoint import Checkpoint, Witnessed
from server.audit.checkpoints.notes import Verifier
from server.audit.checkpoints.stamps import check_stamps
from server.audit.checkpoints.trust import Believed, believe, disagreement
from server.audit.replay.replaying import Replayed
from server.audit.verifying import Verified
from server.plurals import counted_of
from server.rebuilding.differences import Difference

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check: `told` in a sentence, the first bad event if there is one, and what else is
    wrong. `skipped` says that it could not be done, and `told` why."""

    check: str
    told: str
    broken: Broken | None = None
    faults: tuple[str, ...] = ()
    skipped: bool = False

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong; what was skipped is not."""
        return self.broken is None and not self.faults

    def shown(self) -> dict[str, object]:
        """Return it as JSON-ready values."""
        bad = {"first_bad": self.broken.position, "why": self.broken.why} if self.broken else {}
        faults = {"faults": list(self.faults)} if self.faults else {}
        return {"intact": self.intact, "skipped": self.skipped, "told": self.told, **bad, **faults}


@dataclass(frozen=True, slots=True)
class Sources:
    """The checkpoints of each place, by its name, and which keys count; `noted` says that an auditor named
    these keys himself."""

    witnessed: Mapping[str, Sequence[Witnessed]] = field(default_factory=dict)
    trusted: frozenset[Verifier] = frozenset()
    noted: bool = False


def believed_of(sources: Sources, origin: str) -> Believed:
    """Return what all places together have to say. A key that one place hands over to counts in all."""
    trusted, faults = sources.trusted, list[str]()
    for witnessed in sources.witnessed.values():
        trusted = believe(witnessed, trusted, origin, "").trusted
    checkpoints: list[Checkpoint] = []
    for name, witnessed in sources.witnessed.items():
        found = believe(witnessed, trusted, origin, name)
        checkpoints += found.checkpoints
        faults += found.faults
    return Believed(tuple(checkpoints), tuple(faults), trusted)


def examine_log(
    verify: Callable[[Mapping[int, bytes]], Verified],
    expected: Mapping[int, bytes],
    sources: Sources,
    origin: str,
) -> tuple[Verified, list[Finding]]:
    """Verify the chain against heads that were noted and checkpoints that are believed."""
    believed = believed_of(sources, origin)
    known = {one.position: one.hash for one in believed.checkpoints}
    odd = disagreement((*believed.checkpoints, *_as_checkpoints(expected, origin, believed)))
    verified = verify({**known, **expected})
    good = "" if verified.broken is None else "good are "
    whole = f"{good}{counted_of(verified.position, 'event')} to {verified.head}"
    chain = Finding("chain", whole, verified.broken)
    told = _told(sources, believed)
    faults = (*believed.faults, *([odd] if odd else []))
    if sources.noted and not believed.checkpoints and not faults:
        # Whoever names a key asks for proof; that there is none is what a forger leaves behind.
        faults = ("no checkpoint is signed by a key that you named",)
    return verified, [
        chain,
        Finding("checkpoints", told, faults=faults, skipped=not (known or faults)),
    ]


def examine_stamps(sources: Sources, roots: Sequence[Certificate]) -> Finding:
    """Verify the time stamps of all checkpoints."""
    every = {one.note: one for place in sources.witnessed.values() for one in place}
    found = check_stamps(every.values(), roots)
    told = f"{found.good:,} of {len(every):,} checkpoints carry a good time stamp"
    return Finding("time stamps", told, faults=found.faults)


def read_models(count: int, differences: Sequence[Difference]) -> Finding:
    """Say whether the read models equal a rebuild."""
    told = f"{count} of them, every row compared with a rebuild"
    return Finding("read models", told, faults=tuple(map(str, differences)))


def decisions(replayed: Replayed) -> Finding:
    """Say whether every decision comes out as it was recorded."""
    told = f"{replayed.decisions:,} taken again on the facts of their time"
    if replayed.skipped:
        reasons = ", ".join(f"{count:,} because {why}" for why, count in replayed.skipped.items())
        told += f"; left out: {reasons}"
    wrong = replayed.mismatch
    if wrong is None:
        return Finding("decisions", told)
    return Finding("decisions", told, Broken(wrong.position, "; ".join(wrong.lines)))


def _as_checkpoints(
    expected: Mapping[int, bytes], origin: str, believed: Believed
) -> Iterable[Checkpoint]:
    """Give heads that were noted the form of checkpoints, to be compared with them."""
    if not believed.checkpoints:
        return ()
    at = believed.checkpoints[0].at
    return (Checkpoint(origin, position, digest, at) for position, digest in expected.items())


def _told(sources: Sources, believed: Believed) -> str:
    if not believed.checkpoints:
        return "there is none; the chain alone does not bind the owner of the database"
    newest = max(believed.checkpoints, key=lambda one: (one.position, one.at))
    places = ", ".join(f"{len(found):,} in {name}" for name, found in sources.witnessed.items())
    whose = "a key that you named" if sources.noted else "this machine's own keys"
    return f"{places}; the newest at {newest.position:,}, of {newest.at:%Y-%m-%d %H:%M} UTC, by {whose}"
