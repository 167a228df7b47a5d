"""What became of each command, by the integration that sent it and its id: rows, written in the
transaction of the command itself, so that it has one outcome however often it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.ports import CommandOutcome, Rows
from projections.columns import instant, maybe_number

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS command_outcome ("
    "principal TEXT NOT NULL, command_id TEXT NOT NULL, digest TEXT NOT NULL, "
    "request_id TEXT NOT NULL, accepted BIGINT NOT NULL, code TEXT NOT NULL, "
    "sentence TEXT NOT NULL, version BIGINT, at TEXT NOT NULL, "
    "PRIMARY KEY (principal, command_id))",
)
REUSED = "idempotency_key_reused"


def known_outcome(
    rows: Rows, principal: str, command_id: str, request_id: str, digest: str
) -> CommandOutcome | None:
    """Return the first outcome of a command that comes again; one that says something else under the
    same id is told so."""
    found = rows.select(
        "SELECT digest, request_id, accepted, code, sentence, version FROM command_outcome "
        "WHERE principal = ? AND command_id = ?",
        (principal, command_id),
    )
    if not found:
        return None
    first, request, accepted, code, sentence, version = found[0]
    if first != digest:
        other = "This id was used for another command; send it with an id of its own."
        return CommandOutcome(command_id, request_id, accepted=False, code=REUSED, sentence=other)
    return CommandOutcome(
        command_id=command_id,
        request_id=str(request),
        accepted=bool(accepted),
        code=str(code),
        sentence=str(sentence),
        version=maybe_number(version),
        replayed=True,
    )


def keep_outcome(
    rows: Rows, principal: str, digest: str, outcome: CommandOutcome, now: datetime
) -> CommandOutcome:
    """Keep the first outcome of a command, and return it."""
    rows.execute(
        "INSERT INTO command_outcome (principal, command_id, digest, request_id, accepted, code, "
        "sentence, version, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            principal,
            outcome.command_id,
            digest,
            outcome.request_id,
            int(outcome.accepted),
            outcome.code,
            outcome.sentence,
            outcome.version,
            instant(now),
        ),
    )
    return replace(outcome, replayed=False)
