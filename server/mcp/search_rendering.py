"""What a search says of itself, to a program in fields and to a model in sentences: how well it matched,
what did not match, what was taken to be misspelt, and what to try next."""

from __future__ import annotations

from collections.abc import Mapping

from projections.catalog.search.findings import Found, Match
from server.mcp.answers import Json

MOST_DESCRIPTION = 160
"""Characters of a description in a list of hits; the whole stands in list_requestable_permissions."""


def search_fields(found: Found, corrected: Mapping[str, str]) -> Json:
    """Return the fields that stand beside the hits."""
    return {
        "match": found.match,
        "unmatched": list(found.unmatched),
        "corrected": dict(corrected),
    }


def advice(found: Found, corrected: Mapping[str, str]) -> str:
    """Return what to make of a search, in a sentence or two; nothing where all is well."""
    told = []
    if corrected:
        pairs = ", ".join(f"{said} as {meant}" for said, meant in corrected.items())
        told.append(f"Read {pairs}.")
    if found.unmatched:
        told.append(f"Nothing that may be requested matches: {', '.join(found.unmatched)}.")
    if found.match in (Match.WEAK, Match.NONE):
        told.append(
            "Try other words for the product, the task or the permission, in the catalog's "
            "language, several phrasings at once in queries; or browse with search_apps alone."
        )
    elif found.match is Match.PARTIAL:
        told.append("The match is partial: check that the first hits are what is meant.")
    return " ".join(told)


def shortened(text: str) -> str:
    """Return a description as it stands in a list of hits."""
    return text if len(text) <= MOST_DESCRIPTION else text[: MOST_DESCRIPTION - 1].rstrip() + "…"
