"""Bodies and parameters as they come over the wire, whatever bytes they hold."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request

MOST_LEVELS = 32
MOST_FIELDS = 80
"""Fifty items to tick, and what stands beside them."""


async def read_limited(request: Request, limit: int) -> bytes | None:
    """Return the body, or None if it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def fields_of(encoded: bytes) -> dict[str, list[str]]:
    """Return each parameter's values in order; nothing where there are too many parameters."""
    text = encoded.decode("ascii", "replace")
    try:
        return parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}


def storable(value: Any, levels: int = MOST_LEVELS) -> Any:
    """Return a JSON value without NUL and lone surrogates, which no database can hold; raises
    `ValueError` where more lists and objects stand in one another than anything of ours has."""
    if not levels:
        raise ValueError("too deep")
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    if isinstance(value, list):
        return [storable(one, levels - 1) for one in value]
    if isinstance(value, dict):
        return {storable(name): storable(one, levels - 1) for name, one in value.items()}
    return value
