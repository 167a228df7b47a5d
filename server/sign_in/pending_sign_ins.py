"""The rows of sign-ins that are at the identity provider. Each is found by the digest of its state,
belongs to one browser, and is taken once. What it keeps is sealed with a key made from the state,
which is not stored: whoever reads the database can neither finish nor fake a sign-in."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from domain.ports import Rows
from projections.columns import instant
from server.secret_tokens import digest

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

CALLBACK_PATH = "/sign-in/callback"
PENDING_LIFE = timedelta(minutes=10)
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS pending_sign_in ("
    "digest TEXT PRIMARY KEY, browser_digest TEXT NOT NULL, sealed TEXT NOT NULL, "
    "expires_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS pending_sign_in_by_expiry ON pending_sign_in (expires_at)",
)


class PendingSignIn(msgspec.Struct, frozen=True):
    """What must still be known when the browser comes back: the page that waits,
    what the ID token and the code are bound to, and whether the person must prove himself anew."""

    then: str
    nonce: str
    code_verifier: str
    begun_at: datetime
    fresh: bool


_pending = msgspec.json.Decoder(PendingSignIn)


def store_pending(
    rows: Rows, state: str, browser: str, pending: PendingSignIn, now: datetime
) -> None:
    """Keep a sign-in for this browser; drop those that never came back."""
    rows.execute("DELETE FROM pending_sign_in WHERE expires_at < ?", (instant(now),))
    rows.execute(
        "INSERT INTO pending_sign_in (digest, browser_digest, sealed, expires_at) "
        "VALUES (?, ?, ?, ?)",
        (digest(state), digest(browser), _seal(state, pending), instant(now + PENDING_LIFE)),
    )


def take_pending(rows: Rows, state: str, browser: str, now: datetime) -> PendingSignIn | None:
    """Return the sign-in and forget it. Another browser gets None and ends nothing."""
    key = (digest(state), digest(browser))
    found = rows.select(
        "SELECT sealed FROM pending_sign_in "
        "WHERE digest = ? AND browser_digest = ? AND expires_at > ?",
        (*key, instant(now)),
    )
    rows.execute("DELETE FROM pending_sign_in WHERE digest = ? AND browser_digest = ?", key)
    return _unseal(state, str(found[0][0])) if found else None


def _seal(state: str, pending: PendingSignIn) -> str:
    return _fernet(state).encrypt(msgspec.json.encode(pending)).decode()


def _unseal(state: str, sealed: str) -> PendingSignIn:
    return _pending.decode(_fernet(state).decrypt(sealed.encode()))


def _fernet(state: str) -> Fernet:
    """The key must not be the digest that finds the row."""
    from cryptography.fernet import Fernet  # noqa: PLC0415 - where there is an identity provider

    return Fernet(urlsafe_b64encode(sha256(b"seal\n" + state.encode()).digest()))
