"""The tokens of identity providers, by name: shown once, kept as digests, good until they are removed."""

from __future__ import annotations

from datetime import datetime

from domain.errors import NameTaken
from domain.ports import Rows
from domain.values import identifier
from projections.columns import instant
from server.secret_tokens import SCIM, digest, new_secret

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS scim_token ("
    "name TEXT PRIMARY KEY, digest TEXT NOT NULL, made_at TEXT NOT NULL)",
    "CREATE UNIQUE INDEX IF NOT EXISTS scim_token_by_digest ON scim_token (digest)",
)
NAME_LIMIT = 100


def add_token(rows: Rows, name: str, now: datetime) -> str:
    """Make a token under a new name; raises `NameTaken` or `MalformedText`."""
    identifier("name", name, limit=NAME_LIMIT)
    if rows.select("SELECT 1 FROM scim_token WHERE name = ?", (name,)):
        raise NameTaken(name)
    token = new_secret(SCIM)
    sql = "INSERT INTO scim_token (name, digest, made_at) VALUES (?, ?, ?)"
    rows.execute(sql, (name, digest(token), instant(now)))
    return token


def remove_token(rows: Rows, name: str) -> bool:
    """Let a token be good no more; False if there is none of this name."""
    return rows.execute("DELETE FROM scim_token WHERE name = ?", (name,)) > 0


def token_names(rows: Rows) -> dict[str, str]:
    """Return the names of all tokens, and since when each is good."""
    found = rows.select("SELECT name, made_at FROM scim_token ORDER BY name")
    return {str(name): str(at) for name, at in found}


def bearer_name(rows: Rows, authorization: str) -> str | None:
    """Return whose token an Authorization header holds (RFC 6750 section 2.1), None if nobody's."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(SCIM):
        return None
    found = rows.select("SELECT name FROM scim_token WHERE digest = ?", (digest(token),))
    return str(found[0][0]) if found else None
