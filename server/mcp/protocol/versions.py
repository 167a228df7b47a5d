"""The revisions of the protocol that are spoken here, by era."""

from __future__ import annotations

MODERN = "2026-07-28"
"""The era without a handshake: every request says all that there is to know."""
MODERN_VERSIONS = (MODERN,)
HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""The era that begins with `initialize`; what it agrees on is not kept, since nothing depends on it."""
LATEST_HANDSHAKE = HANDSHAKE_VERSIONS[-1]
