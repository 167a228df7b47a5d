"""Parameters as they come over the wire, in a query or a form, whatever bytes they hold."""

from __future__ import annotations

from urllib.parse import parse_qs

MOST_FIELDS = 50


def fields_of(encoded: bytes) -> dict[str, list[str]]:
    """Return each parameter's values in order; nothing where there are too many parameters."""
    text = encoded.decode("ascii", "replace")
    try:
        return parse_qs(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
