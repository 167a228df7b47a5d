"""The command line's words for verification: of this machine's log with all that is kept beside it, or of a bundle
on any machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.chain import Broken
from domain.checkpoint import Witnessed, origin_of
from domain.ports import EventStore, Unavailable
from server.audit import verifying
from server.audit.bundle.reading import open_bundle
from server.audit.checkpoints.note_file import NoteFile
from server.audit.checkpoints.notes import Verifier, parse_verifier
from server.audit.checkpoints.own import in_database, own_keys
from server.audit.checkpoints.stamps import parse_roots
from server.audit.comparing import compare
from server.audit.examining import (
    Finding,
    Sources,
    decisions,
    examine_log,
    examine_stamps,
    read_models,
)
from server.audit.replay.replaying import replay_decisions
from server.audit.verifying import Verified
from server.bad_file import BadFile
from server.command_line.operating import operate
from server.command_line.progress import show_progress, show_report
from server.command_line.wishes import Commands
from server.config import Settings
from server.control import hand_over
from server.failures import NoServer, StartFailed, WorkFailed
from server.plurals import counted_of
from server.setting_parsers import EMBEDDED, OFF
from server.wiring import (
    FOLLOWED,
    INLINE,
    checkpoint_keys,
    open_store_to_read,
)
from server.wiring.keys import present_personal_keys
from server.wiring.stores import scratch_for

CHECKS = ("chain", "stream", "read-models", "decisions")


class NothingVerified(BadFile):
    """None of what was asked for could be verified; the message says why."""


def add_verify(actions: Commands) -> None:
    """Add ``verify`` to the actions."""
    parser = actions.add_parser("verify", help="prove that nobody changed the log")
    parser.add_argument("--bundle", type=Path, metavar="FILE", help="verify this file alone")
    _add_known(parser)
    parser.add_argument(
        "--only", type=_checks, default=CHECKS, metavar="CHECKS", help=f"of {','.join(CHECKS)}"
    )
    needed = "exit with 1 if one of these could not be checked"
    parser.add_argument("--require", type=_checks, default=(), metavar="CHECKS", help=needed)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_verify)


def _add_known(parser: argparse.ArgumentParser) -> None:
    """Add what an auditor knows from elsewhere."""
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="KEY",
        help="a verifier key that you noted: checkpoints count if it signed them",
    )
    parser.add_argument(
        "--checkpoints",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="checkpoints that are kept elsewhere",
    )
    parser.add_argument("--tsa-roots", type=Path, metavar="FILE", help="certificates (PEM)")
    parser.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="POSITION:HASH",
        help="a head that was noted elsewhere",
    )
    parser.add_argument("--expect-file", type=Path, metavar="FILE", help="such heads, one a line")


def _checks(text: str) -> tuple[str, ...]:
    named = tuple(one.strip() for one in text.split(",") if one.strip())
    if unknown := [one for one in named if one not in CHECKS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(CHECKS)}")
    return named


def _verify(settings: Settings, asked: argparse.Namespace) -> int:
    if asked.bundle is not None:
        verified, findings = _bundle(asked)
    else:
        with open_store_to_read(settings) as store:
            verified, findings = _store(settings, asked, store)
    if all(one.skipped for one in findings):
        raise NothingVerified("; ".join(("nothing was verified", *(one.told for one in findings))))
    shown = _result(verified, findings)
    if asked.json:
        sys.stdout.write(json.dumps(shown) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _lines(verified, findings)))
    checked = {one.check for one in findings if not one.skipped}
    lacking = [one for one in asked.require if one.replace("-", " ") not in checked]
    if lacking:
        sys.stderr.write(f"doorward: not checked, although required: {', '.join(lacking)}\n")
    return 0 if shown["intact"] and not lacking else 1


def _bundle(asked: argparse.Namespace) -> tuple[Verified | None, list[Finding]]:
    if not asked.trust:
        raise BadFile("a bundle proves nothing by itself: give the verifier key with --trust")
    with open_bundle(asked.bundle) as bundle:
        places = {"the bundle": bundle.checkpoints, **_files(asked.checkpoints)}
        sources = Sources(places, _named(asked.trust), noted=True)
        ((end, digest),) = verifying.parse_heads([bundle.head]).items()
        verified, findings = examine_log(
            lambda known: verifying.verify_links(
                bundle.links(), (end, digest), known, show_progress
            ),
            _expected(asked),
            sources,
            origin_of(bundle.tenant),
        )
    return verified, [*findings, *_stamps(asked, sources)]


def _store(
    settings: Settings, asked: argparse.Namespace, store: EventStore
) -> tuple[Verified | None, list[Finding]]:
    stream, from_stream = _stream(settings, asked)
    kept, origin = in_database(store), origin_of(settings.tenant)
    places: dict[str, Sequence[Witnessed]] = {"the database": kept.witnessed}
    if settings.checkpoint_file is not None:
        places |= _files([settings.checkpoint_file])
    places |= {**from_stream, **_files(asked.checkpoints)}
    named = _named(asked.trust)
    trusted = named or own_keys(kept, origin, checkpoint_keys(settings).ring())
    sources = Sources(places, trusted, noted=bool(named))
    verified: Verified | None = None
    findings: list[Finding] = []
    if "chain" in asked.only:
        verified, findings = examine_log(
            lambda known: verifying.verify(store, known, show_progress),
            _expected(asked),
            sources,
            origin,
        )
    return verified, [
        *findings,
        *_stamps(asked, sources),
        *stream,
        *_derived(settings, asked, store, verified),
    ]


def _derived(
    settings: Settings,
    asked: argparse.Namespace,
    store: EventStore,
    verified: Verified | None,
) -> list[Finding]:
    """Verify what follows from the log: what is shown of it, and what was decided on it."""
    wanted = [one for one in ("read-models", "decisions") if one in asked.only]
    told = ""
    if verified is not None and verified.broken is not None:
        # Nobody knows what stands there: it need not end, nor hold events at all.
        told = "not while the log itself is broken"
    elif present_personal_keys(settings) is None and store.head():
        told = "not without personal.keys: text about people cannot be read here"
    if told:
        return [Finding(one.replace("-", " "), told, skipped=True) for one in wanted]
    findings, scratch = [], scratch_for(store)
    if "read-models" in wanted:
        found = compare(store, scratch, INLINE, FOLLOWED, show_progress)
        findings.append(read_models(len(INLINE) + len(FOLLOWED), found))
    if "decisions" in wanted:
        findings.append(decisions(replay_decisions(store, scratch, INLINE, show_progress)))
    return findings


def _expected(asked: argparse.Namespace) -> dict[int, bytes]:
    noted = list(asked.expect)
    if asked.expect_file is not None:
        noted += asked.expect_file.read_text("utf-8", "replace").split()
    return verifying.parse_heads(noted)


def _files(paths: Sequence[Path]) -> dict[str, Sequence[Witnessed]]:
    """Return the checkpoints of files; one that was named has to be there."""
    found: dict[str, Sequence[Witnessed]] = {}
    for path in paths:
        if not path.exists():
            raise BadFile(f"{path}: there is no such file of checkpoints")
        found[str(path)] = NoteFile(path).read()
    return found


def _named(texts: Sequence[str]) -> frozenset[Verifier]:
    return frozenset(map(parse_verifier, texts))


def _stamps(asked: argparse.Namespace, sources: Sources) -> list[Finding]:
    if asked.tsa_roots is None:
        return []
    return [examine_stamps(sources, parse_roots(asked.tsa_roots.read_bytes()))]


def _stream(
    settings: Settings, asked: argparse.Namespace
) -> tuple[list[Finding], dict[str, Sequence[Witnessed]]]:
    """Compare the stream where there is one, and return the checkpoints that NATS keeps."""
    if "stream" not in asked.only or settings.nats_url == OFF:
        return [], {}
    try:
        found = _asked_of_server(settings)
    except NoServer:
        why = f"no server answers in {settings.data_dir}, and its NATS runs with it alone"
        return [Finding("stream", why, skipped=True)], {}
    except (StartFailed, WorkFailed, Unavailable, BadFile) as fault:
        return [Finding("stream", str(fault), skipped=True)], {}
    bad = found["broken"]
    told = f"{counted_of(found['messages'], 'message')}, for events {found['first']:,} to {found['last']:,}"
    broken = None if bad is None else Broken(bad["position"], bad["why"])
    kept = [Witnessed.with_stamp(note, stamp) for note, stamp in found["checkpoints"]]
    return [Finding("stream", told, broken)], {"NATS": kept}


def _asked_of_server(settings: Settings) -> dict[str, Any]:
    if settings.nats_url != EMBEDDED or not settings.on_sqlite:
        return operate(settings, "audit stream", b"")
    return hand_over(settings.data_dir, "audit stream", b"", show_report)


def _result(verified: Verified | None, findings: Sequence[Finding]) -> dict[str, Any]:
    first = min(
        (one.broken for one in findings if one.broken is not None),
        key=lambda one: one.position,
        default=None,
    )
    shown: dict[str, Any] = {"intact": all(one.intact for one in findings)}
    if verified is not None:
        shown |= {"events": verified.position, "head": verified.head}
    if first is not None:
        shown |= {"first_bad": first.position, "why": first.why}
    if left := [one.check for one in findings if one.skipped]:
        shown |= {"not_checked": left}
    return {**shown, "checks": {one.check: one.shown() for one in findings}}


def _lines(verified: Verified | None, findings: Sequence[Finding]) -> list[str]:
    lines = []
    for one in findings:
        word = "not checked" if one.skipped else "ok" if one.intact else "BROKEN"
        lines.append(f"{one.check}: {word}: {one.told}")
        if one.broken is not None:
            lines.append(f"  broken at event {one.broken.position:,}: {one.broken.why}")
        lines += [f"  {fault}" for fault in one.faults]
    if verified is not None:
        lines.append(f"head: {verified.head}")
    return [*lines, _verdict(findings)]


def _verdict(findings: Sequence[Finding]) -> str:
    """Say in the last line whether all is intact, and what nobody has looked at."""
    if not all(one.intact for one in findings):
        return "NOT INTACT"
    left = [
        f"the {one.check} {'were' if one.check.endswith('s') else 'was'} not checked: {one.told}"
        for one in findings
        if one.skipped
    ]
    return f"intact, but {'; '.join(left)}" if left else "intact"
