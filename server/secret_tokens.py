"""Opaque secrets: made of 256 random bits, told apart by prefix, kept only as digests."""

from __future__ import annotations

import secrets
from hashlib import sha256

CODE = "dwc_"
ACCESS = "dwa_"
REFRESH = "dwr_"
RESOURCE_SERVER = "dws_"
SCIM = "dwp_"


def new_secret(prefix: str = "") -> str:
    """Return a new secret, safe in a URL."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret in hex: enough for 256 random bits, and not a password."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
