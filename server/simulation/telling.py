"""What a simulation of policies came to, as JSON and in words, see `simulating`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from server.plurals import counted_of
from server.simulation.simulating import Changed, Refusal, Simulated
from server.simulation.ways import Kind, Way, Ways

WORDS = {
    Kind.REFUSED: "would have been refused",
    Kind.APPROVAL: "would have been approved without asking, or no longer so",
    Kind.STAGES: "would have gone through other stages or to other approvers",
    Kind.LENGTH: "would have lasted for another time",
    Kind.PROVISIONING: "would have been granted by others",
    Kind.UNPUBLISHABLE: "came when the policies could not have been published",
}


def as_json(found: Simulated, since: datetime, until: datetime) -> dict[str, Any]:
    """Return the result as JSON has it."""
    return {
        "since": moment_text(since),
        "until": moment_text(until),
        "requests": found.requests,
        "changed": found.elsewhere,
        "counts": dict(found.counts),
        "changes": [_change(one) for one in found.changed],
    }


def _change(one: Changed) -> dict[str, Any]:
    refused = asdict(one.would_be) if isinstance(one.would_be, Refusal) else None
    return {
        "request_id": one.request_id,
        "position": one.position,
        "at": moment_text(one.at),
        "requester": one.requester,
        "target": one.target,
        "app_id": one.app_id,
        "items": list(one.items),
        "kinds": list(one.kinds),
        "was": _ways(one.was),
        "would_be": None if isinstance(one.would_be, Refusal) else _ways(one.would_be),
        "refused": refused,
    }


def _ways(found: Ways) -> Mapping[str, Any]:
    return {item: asdict(way) for item, way in found.items()}


def lines(found: Simulated) -> Iterator[str]:
    """Yield the counts, and then a line for each request."""
    yield f"{counted_of(found.requests, 'request')}, {found.elsewhere:,} would have gone another way"
    for kind, count in found.counts.items():
        if count:
            yield f"  {count:,} {WORDS[kind]}"
    yield from map(line, found.changed)


def line(one: Changed) -> str:
    """Return one request that would have gone another way, in a line."""
    whom = "" if one.target == one.requester else f" for {one.target}"
    what = ", ".join(one.items)
    return f"{moment_text(one.at)}  {one.requester}{whom}  {one.app_id}  {what}: {_told(one)}"


def _told(one: Changed) -> str:
    """Say how it went and how it would have gone, item by item where that is not the same for all."""
    new = one.would_be
    if isinstance(new, Refusal):
        was = _each({item: f"{way.approval}, {way.length}" for item, way in one.was.items()})
        verb = "refused" if Kind.REFUSED in one.kinds else "undecided"
        return f"was {was}; would be {verb} ({new.code}): {new.why}"
    shown = [kind for kind in ASPECTS if kind in one.kinds]
    was, would_be = (
        _each({item: _aspects(way, shown) for item, way in found.items()})
        for found in (one.was, new)
    )
    return f"was {was}; would be {would_be}"


ASPECTS: Mapping[Kind, Callable[[Way], str]] = {
    Kind.APPROVAL: lambda way: way.approval,
    Kind.STAGES: lambda way: way.approval,
    Kind.LENGTH: lambda way: way.length,
    Kind.PROVISIONING: lambda way: f"granted by {way.provisioning}",
}


def _aspects(way: Way, kinds: list[Kind]) -> str:
    return ", ".join(dict.fromkeys(ASPECTS[kind](way) for kind in kinds))


def _each(told: Mapping[str, str]) -> str:
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return ", ".join(f"{item} {words}" for item, words in told.items())


def moment_text(at: datetime) -> str:
    """Return a time as it is told."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
