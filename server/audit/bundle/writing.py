"""Writing a bundle while the log is read, so that memory stays flat."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from domain.chain import Link
from domain.checkpoint import Witnessed
from domain.ports import EventStore
from server.audit.batches import links_until
from server.audit.checkpoints.own import in_database
from server.bad_file import BadFile

EVENTS, CHECKPOINTS, MANIFEST = "events.jsonl", "checkpoints.jsonl", "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Written:
    """What a bundle holds: events up to its head, and checkpoints."""

    events: int
    head: str
    checkpoints: int


def write_bundle(
    file: IO[bytes],
    store: EventStore,
    tenant: str,
    made_at: datetime,
    report: Callable[[int, int], None],
) -> Written:
    """Write the log up to its present head; raises `BadFile` where it is not stored as logs are."""
    kept = in_database(store)
    end, digest = store.chain_head()
    if end == 0:
        raise BadFile("the log is empty: there is nothing to prove")
    written = Written(end, f"{end}:{digest.hex()}", len(kept.witnessed))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        with archive.open(EVENTS, "w", force_zip64=True) as member:
            _write_events(member, store, end, report)
        archive.writestr(CHECKPOINTS, "".join(map(_checkpoint_line, kept.witnessed)))
        archive.writestr(MANIFEST, _manifest(written, tenant, kept.verifiers, made_at))
    return written


def _write_events(
    member: IO[bytes], store: EventStore, end: int, report: Callable[[int, int], None]
) -> None:
    for links in links_until(store, end):
        member.write("".join(map(_event_line, links)).encode())
        report(links[-1][0], end)


def _event_line(link: Link) -> str:
    position, stream, version, topic, state, digest = link
    try:
        event = {
            "position": position,
            "stream": stream,
            "version": version,
            "topic": topic,
            "state": state.decode(),
            "hash": digest.hex(),
        }
    except (UnicodeDecodeError, AttributeError):
        raise BadFile(f"event {position:,} is not stored as events are: verify the log") from None
    return json.dumps(event, ensure_ascii=False) + "\n"


def _checkpoint_line(one: Witnessed) -> str:
    return json.dumps({"note": one.note, "timestamp": one.stamp}, ensure_ascii=False) + "\n"


def _manifest(written: Written, tenant: str, verifiers: Sequence[str], made_at: datetime) -> str:
    manifest = {
        "format": FORMAT,
        "tenant": tenant,
        "events": written.events,
        "head": written.head,
        "verifiers": list(verifiers),
        "made_at": made_at.isoformat(),
    }
    return json.dumps(manifest, indent=2) + "\n"
