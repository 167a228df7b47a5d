"""The headers that prove where a webhook call comes from (Standard Webhooks): its id, when it was
sent, and an HMAC-SHA256 over both and the body, one for each secret that is good now."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"
_BYTES = 32


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


def _signature(secret: str, content: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return "v1," + b64encode(hmac.digest(key, content, sha256)).decode()
