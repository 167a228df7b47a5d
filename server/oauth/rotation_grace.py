"""What a client gets that shows a refresh token again within the grace: the very token that followed
it. Only its digest is stored, so the successor lies beside it sealed by the token it replaced:
nobody but a holder of that one can open it, and the row goes when the grace ends."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.ports import Rows
from projections.columns import instant
from server.secret_tokens import digest

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS refresh_successor ("
    "digest TEXT PRIMARY KEY, sealed TEXT NOT NULL, expires_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS refresh_successor_by_expiry ON refresh_successor (expires_at)",
)
# A key seals one successor, once: a fixed nonce is as good as a random one (RFC 5116 §3.1).
_NONCE = bytes(12)
_LONGEST_CHAIN = 1_000


def seal(rows: Rows, retired: str, successor: str, now: datetime, grace: timedelta) -> None:
    """Keep what follows a refresh token that has just been rotated; drop what is out of grace."""
    rows.execute("DELETE FROM refresh_successor WHERE expires_at <= ?", (instant(now),))
    if grace:
        sealed = AESGCM(_key(retired)).encrypt(_NONCE, successor.encode(), None)
        rows.execute(
            "INSERT INTO refresh_successor (digest, sealed, expires_at) VALUES (?, ?, ?)",
            (digest(retired), b64encode(sealed).decode(), instant(now + grace)),
        )


def successor_of(rows: Rows, retired: str, now: datetime) -> str | None:
    """Return the token that stands now where this one stood, however often it was rotated since;
    None if the grace is over."""
    newest = None
    for _ in range(_LONGEST_CHAIN):
        found = rows.select(
            "SELECT sealed FROM refresh_successor WHERE digest = ? AND expires_at > ?",
            (digest(newest or retired), instant(now)),
        )
        if not found:
            break
        sealed = b64decode(str(found[0][0]))
        newest = AESGCM(_key(newest or retired)).decrypt(_NONCE, sealed, None).decode()
    return newest


def _key(token: str) -> bytes:
    """Derive a sealing key from 256 random bits (RFC 5869)."""
    return HKDF(SHA256(), 32, None, b"doorward refresh successor").derive(token.encode())
