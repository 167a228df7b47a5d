"""What many documents have in common stands once, under a number: contexts and audiences. Nothing is ever
taken out: there are few of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from domain.ports import Rows
from projections.catalog.search.documents import Audience, Context, joined, parted
from projections.columns import number


def context_number(rows: Rows, context: Context) -> int:
    """Return the number of a context."""
    columns = (joined(context.app), joined(context.categories), joined(context.about))
    digest = _digest(*columns)
    found = rows.select("SELECT context FROM search_context WHERE digest = ?", (digest,))
    if found:
        return number(found[0][0])
    following = _following(rows, "search_context", "context")
    rows.execute(
        "INSERT INTO search_context (context, digest, app, categories, about) "
        "VALUES (?, ?, ?, ?, ?)",
        (following, digest, *columns),
    )
    return following


def contexts(rows: Rows, numbers: Iterable[int]) -> dict[int, Context]:
    """Return contexts by their numbers."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    found = rows.select(
        "SELECT context, app, categories, about FROM search_context "
        f"WHERE context IN ({', '.join(map(str, wanted))})"
    )
    return {
        number(one): Context(parted(app), parted(categories), parted(about))
        for one, app, categories, about in found
    }


def audience_number(rows: Rows, audience: Audience) -> int:
    """Return the number of an audience."""
    key = (audience.group_name, audience.policy, audience.app_policy)
    found = rows.select(
        "SELECT audience FROM search_audience "
        "WHERE group_name = ? AND policy = ? AND app_policy = ?",
        key,
    )
    if found:
        return number(found[0][0])
    following = _following(rows, "search_audience", "audience")
    rows.execute(
        "INSERT INTO search_audience (audience, group_name, policy, app_policy) "
        "VALUES (?, ?, ?, ?)",
        (following, *key),
    )
    return following


def _following(rows: Rows, table: str, key: str) -> int:
    return number(rows.select(f"SELECT COALESCE(MAX({key}), 0) + 1 FROM {table}")[0][0])


def _digest(*columns: str) -> str:
    return hashlib.blake2b(
        "\0".join(columns).encode("utf-8", "replace"), digest_size=16
    ).hexdigest()
