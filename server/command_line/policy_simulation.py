"""The command line's words for trying policies on the requests of the past, see
`server.simulation.simulating`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.catalog.file import parse_catalog
from server.command_line.progress import show_progress
from server.command_line.wishes import Commands
from server.config import Settings
from server.simulation.simulating import Changed, Refusal, Simulated, simulate
from server.simulation.ways import Kind, Way, Ways
from server.wiring import INLINE, open_store_to_read
from server.wiring.scratch import open_scratch

MOST_DAYS = 36_500
WORDS = {
    Kind.REFUSED: "would have been refused",
    Kind.APPROVAL: "would have been approved without asking, or no longer so",
    Kind.STAGES: "would have gone through other stages or to other approvers",
    Kind.LENGTH: "would have lasted for another time",
    Kind.PROVISIONING: "would have been granted by others",
    Kind.UNPUBLISHABLE: "came when the policies could not have been published",
}


def add_simulate(actions: Commands) -> None:
    """Add ``simulate`` to the actions."""
    words = "say which past requests would have gone another way"
    parser = actions.add_parser("simulate", help=words)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a catalog file with the policies to be tried"
    )
    parser.add_argument(
        "--days", type=_days, default=30, metavar="N", help="of the last N days; 30 if not given"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_simulate)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= len(str(MOST_DAYS))):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no number of days")
    return min(int(text), MOST_DAYS)


def _simulate(settings: Settings, asked: argparse.Namespace) -> int:
    policies = parse_catalog(asked.file.read_bytes()).policies
    until = datetime.now(UTC)
    since = until - timedelta(days=asked.days)
    with open_store_to_read(settings) as store:
        found = simulate(store, open_scratch, INLINE, policies.values(), since, show_progress)
    if asked.json:
        sys.stdout.write(json.dumps(as_json(found, since, until)) + "\n")
    else:
        sys.stdout.write("\n".join(lines(found)) + "\n")
    return 0


def as_json(found: Simulated, since: datetime, until: datetime) -> dict[str, Any]:
    """Return the result as JSON has it."""
    return {
        "since": _moment(since),
        "until": _moment(until),
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
        "at": _moment(one.at),
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
    yield f"{found.requests:,} requests, {found.elsewhere:,} would have gone another way"
    for kind, count in found.counts.items():
        if count:
            yield f"  {count:,} {WORDS[kind]}"
    for one in found.changed:
        whom = "" if one.target == one.requester else f" for {one.target}"
        what = ", ".join(one.items)
        yield f"{_moment(one.at)}  {one.requester}{whom}  {one.app_id}  {what}: {_told(one)}"


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


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
