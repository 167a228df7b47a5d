"""Idempotency keys: the same key with the same body gives the first result again, with another
body it is refused. Rows, not events: a key is a promise to a caller, not history. They are written
in the transaction of the command they belong to, so that neither exists without the other. A key is known
for `KEPT` and then swept (`server.sweeping`); what comes with it later is a new command, and its decider
still knows an equal request that is open."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from domain.errors import IdempotencyKeyReused
from domain.ports import Rows

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS idempotency_key ("
    "scope TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, stream TEXT NOT NULL, "
    "version BIGINT NOT NULL, position BIGINT NOT NULL, changed BIGINT NOT NULL, "
    "PRIMARY KEY (scope, key))",
)
KEPT = timedelta(days=30)
"""How long a key is known, at least. As long as a client may be idle before its person has to sign in again:
whoever repeats a call after that is not in the middle of it any more."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's key. `scope` says whose it is, `fingerprint` stands for the body."""

    scope: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What the first use of a key led to; `changed` says whether it appended events."""

    stream: str
    version: int
    position: int
    changed: bool


def fingerprint(body: object) -> str:
    """Return a digest of a JSON-ready body; equal for equal bodies whatever their key order."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def stored_result(rows: Rows, idempotency: Idempotency) -> StoredResult | None:
    """Return the first result under this key; raises `IdempotencyKeyReused`."""
    found = rows.select(
        "SELECT fingerprint, stream, version, position, changed FROM idempotency_key "
        "WHERE scope = ? AND key = ?",
        (idempotency.scope, idempotency.key),
    )
    if not found:
        return None
    digest, stream, version, position, changed = found[0]
    if digest != idempotency.fingerprint:
        raise IdempotencyKeyReused(idempotency.key)
    return StoredResult(str(stream), int(version or 0), int(position or 0), bool(changed))


def store_result(rows: Rows, idempotency: Idempotency, result: StoredResult) -> None:
    """Remember the first result under this key."""
    rows.execute(
        "INSERT INTO idempotency_key "
        "(scope, key, fingerprint, stream, version, position, changed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            idempotency.scope,
            idempotency.key,
            idempotency.fingerprint,
            result.stream,
            result.version,
            result.position,
            int(result.changed),
        ),
    )
