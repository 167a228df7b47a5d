"""How an id that is too long for a line of text is told: by its beginning and its end, which tell one from another."""

from __future__ import annotations

LONGEST = 40
"""Characters of an id that stand in a line."""
_KEPT = 16


def shortened(text: str) -> str:
    """Return an id as it stands in a line."""
    return text if len(text) <= LONGEST else f"{text[:_KEPT]}…{text[-_KEPT:]}"
