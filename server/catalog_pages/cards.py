"""Apps and permissions as the templates of the catalog show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from zlib import crc32

from projections.catalog.rows import AppRow, PermissionRow
from projections.catalog.search.highlighting import marked
from server.catalog.taken import Taken

Card = dict[str, Any]
NOTHING: frozenset[str] = frozenset()
HUES = 12


def app_url(app_id: str) -> str:
    """Return where an app's page is."""
    return f"/catalog/app?id={quote(app_id, safe='')}"


def app_card(
    app: AppRow,
    taken: Taken,
    permissions: int,
    met: frozenset[str] = NOTHING,
    parts: Mapping[str, PermissionRow] = {},
) -> Card:
    """Return the card of an app, with the permissions for which it was found."""
    return {
        "url": app_url(app.app_id),
        "name": marked(app.name, met),
        "description": marked(app.description, met),
        "categories": app.categories,
        "permissions": permissions,
        "taken": taken_words(taken, app.app_id),
        "found": [
            {
                "label": marked(own_label(one), met),
                "url": f"{app_url(app.app_id)}&pick={quote(key, safe='')}",
                "taken": taken_words(taken, key),
            }
            for key, one in parts.items()
        ],
        **avatar(app),
    }


def permission_line(one: PermissionRow, taken: Taken, met: frozenset[str] = NOTHING) -> Card:
    """Return a permission as a line of its app's form."""
    return {
        "id": one.permission_id,
        "label": marked(own_label(one), met),
        "description": marked(one.description, met),
        "taken": taken_words(taken, one.permission_id),
    }


def avatar(app: AppRow) -> Card:
    """Return the letters and the hue that stand for an app: no picture of another site is loaded."""
    words = [word for word in app.name.split() if word[0].isalnum()]
    letters = "".join(word[0] for word in words[:2]) or app.name[0]
    return {"letters": letters.upper(), "hue": crc32(app.name.encode()) % HUES * (360 // HUES)}


def own_label(one: PermissionRow) -> str:
    """Return a permission's label without the name of its app before it."""
    return one.label.removeprefix(one.app_name).lstrip(" /:-|") or one.label


def taken_words(taken: Taken, item_id: str) -> str:
    """Return in a word or two why nobody need ask for this; nothing where he may."""
    if item_id in taken.held:
        return "You have this"
    return "Requested" if item_id in taken.pending else ""
