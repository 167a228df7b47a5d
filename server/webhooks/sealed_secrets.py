"""The secrets that sign webhook calls. They must be usable, so they cannot be digests: they lie in rows,
sealed by a key derived from the first of the keys in the data folder, which no copy of the database
holds. A seal names its webhook, so that a row cannot be passed off as another's. When the keys are
rotated, `reseal` moves everything under the new first key, and the old one may be dropped."""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.ports import Rows, SigningKey
from projections.columns import instant

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS webhook_secret ("
    "webhook TEXT NOT NULL, secret_id TEXT NOT NULL, key_id TEXT NOT NULL, sealed TEXT NOT NULL, "
    "made_at TEXT NOT NULL, good_until TEXT, PRIMARY KEY (webhook, secret_id))",
)
_NONCE_BYTES = 12


class SecretLost(Exception):  # noqa: N818 - says what happened
    """The webhook has no secret that the keys in the data folder open."""


def store_secret(
    rows: Rows,
    ring: Sequence[SigningKey],
    webhook: str,
    secret: str,
    now: datetime,
    former_good_until: datetime,
) -> None:
    """Make this the secret that signs first; the former ones go on until then at most."""
    rows.execute(
        "UPDATE webhook_secret SET good_until = ? "
        "WHERE webhook = ? AND (good_until IS NULL OR good_until > ?)",
        (instant(former_good_until), webhook, instant(former_good_until)),
    )
    rows.execute(
        "DELETE FROM webhook_secret WHERE webhook = ? AND good_until <= ?", (webhook, instant(now))
    )
    secret_id = secrets.token_hex(8)
    sealed = _sealed(ring[0], webhook, secret_id, secret)
    rows.execute(
        "INSERT INTO webhook_secret (webhook, secret_id, key_id, sealed, made_at, good_until) "
        "VALUES (?, ?, ?, ?, ?, NULL)",
        (webhook, secret_id, ring[0].key_id, sealed, instant(now)),
    )


def good_secrets(
    rows: Rows, ring: Sequence[SigningKey], webhook: str, now: datetime
) -> tuple[str, ...]:
    """Return the secrets that sign now, the present one first; raises `SecretLost`."""
    found = rows.select(
        "SELECT secret_id, key_id, sealed FROM webhook_secret "
        "WHERE webhook = ? AND (good_until IS NULL OR good_until > ?) "
        "ORDER BY CASE WHEN good_until IS NULL THEN 0 ELSE 1 END, made_at DESC",
        (webhook, instant(now)),
    )
    opened = [_opened(ring, webhook, *map(str, row)) for row in found]
    good = tuple(one for one in opened if one is not None)
    if not good:
        raise SecretLost
    return good


def stale(rows: Rows, ring: Sequence[SigningKey]) -> bool:
    """Say whether a former key of the ring still seals a secret."""
    found = rows.select("SELECT DISTINCT key_id FROM webhook_secret")
    return not {one.key_id for one in ring[1:]}.isdisjoint(str(key_id) for (key_id,) in found)


def reseal(rows: Rows, ring: Sequence[SigningKey]) -> None:
    """Seal by the first key whatever a former key of the ring had sealed."""
    former = {one.key_id for one in ring[1:]}
    for row in rows.select("SELECT webhook, secret_id, key_id, sealed FROM webhook_secret"):
        webhook, secret_id, key_id, sealed = map(str, row)
        secret = _opened(ring, webhook, secret_id, key_id, sealed)
        if key_id not in former or secret is None:
            continue
        rows.execute(
            "UPDATE webhook_secret SET key_id = ?, sealed = ? WHERE webhook = ? AND secret_id = ?",
            (ring[0].key_id, _sealed(ring[0], webhook, secret_id, secret), webhook, secret_id),
        )


def forget_secrets(rows: Rows, webhook: str) -> None:
    """Drop all secrets of a webhook."""
    rows.execute("DELETE FROM webhook_secret WHERE webhook = ?", (webhook,))


def _sealed(key: SigningKey, webhook: str, secret_id: str, secret: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    content = AESGCM(_sealing_key(key)).encrypt(nonce, secret.encode(), _bound(webhook, secret_id))
    return b64encode(nonce + content).decode()


def _opened(
    ring: Sequence[SigningKey], webhook: str, secret_id: str, key_id: str, sealed: str
) -> str | None:
    """Return a secret, or None where its key is gone or the row is not what was written."""
    key = next((one for one in ring if one.key_id == key_id), None)
    if key is None:
        return None
    whole = b64decode(sealed)
    nonce, content = whole[:_NONCE_BYTES], whole[_NONCE_BYTES:]
    try:
        opened = AESGCM(_sealing_key(key)).decrypt(nonce, content, _bound(webhook, secret_id))
    except InvalidTag:
        return None
    return opened.decode()


def _bound(webhook: str, secret_id: str) -> bytes:
    return f"{webhook}\n{secret_id}".encode()


def _sealing_key(key: SigningKey) -> bytes:
    """Derive a key for this use alone from 256 random bits (RFC 5869)."""
    return HKDF(SHA256(), 32, None, b"doorward webhook secret").derive(key.secret)
