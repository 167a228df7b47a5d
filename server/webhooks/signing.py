"""The headers that prove where a webhook call comes from (Standard Webhooks): its id, when it was
sent, and an HMAC-SHA256 over both and the body, one for each secret that is good now."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How far the sender's clock may be off, and how old a call may be (Standard Webhooks)."""
_BYTES = 32
_DIGITS = 12
_MOST_SIGNATURES = 10


def new_webhook_secret() -> str:
    """Return a new secret in the form in which receivers take it."""
    return PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(
    webhook_id: str, now: datetime, body: bytes, good: Iterable[str]
) -> dict[str, str]:
    """Return the three headers; a signature for each of the good secrets, parted by blanks."""
    sent_at = str(int(now.timestamp()))
    content = b".".join((webhook_id.encode(), sent_at.encode(), body))
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": sent_at,
        "webhook-signature": " ".join(_signature(secret, content) for secret in good),
    }


def verified(headers: Mapping[str, str], body: bytes, good: Iterable[str], now: datetime) -> bool:
    """Say whether one of the good secrets signed this call, and not long ago."""
    sent_at, webhook_id = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")
    if not (sent_at.isascii() and sent_at.isdecimal() and len(sent_at) <= _DIGITS and webhook_id):
        return False
    if abs(int(sent_at) - now.timestamp()) > TOLERANCE.total_seconds():
        return False
    content = b".".join((webhook_id.encode(), sent_at.encode(), body))
    given = headers.get("webhook-signature", "").split()[:_MOST_SIGNATURES]
    expected = [_signature(secret, content) for secret in good]
    return any(
        hmac.compare_digest(one.encode(), other.encode()) for one in given for other in expected
    )


def _signature(secret: str, content: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return "v1," + b64encode(hmac.digest(key, content, sha256)).decode()
