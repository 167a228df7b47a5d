"""Clients whose id is a URL, as they were when a person first approved them. The token endpoint
knows them from here, so that a document that cannot be fetched today signs nobody out. A client
that registered itself needs no row: its id holds all there is."""

from __future__ import annotations

from datetime import datetime

import msgspec

from domain.ports import Rows
from projections.columns import instant
from server.oauth.clients import OAuthClient, Registered

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS approved_client ("
    "client_id TEXT PRIMARY KEY, registered_json TEXT NOT NULL, approved_at TEXT NOT NULL)",
)
_registered_decoder = msgspec.json.Decoder(Registered)


def remember(rows: Rows, client: OAuthClient, now: datetime) -> None:
    """Keep a client's metadata as a person approved it just now."""
    if client.document_host is None:
        return
    rows.execute(
        "INSERT INTO approved_client (client_id, registered_json, approved_at) VALUES (?, ?, ?) "
        "ON CONFLICT (client_id) DO UPDATE SET registered_json = excluded.registered_json, "
        "approved_at = excluded.approved_at",
        (client.client_id, msgspec.json.encode(client.registered).decode(), instant(now)),
    )


def approved(rows: Rows, client_id: str) -> OAuthClient | None:
    """Return a client that some person has approved."""
    sql = "SELECT registered_json FROM approved_client WHERE client_id = ?"
    found = rows.select(sql, (client_id,))
    if not found:
        return None
    return OAuthClient(client_id, _registered_decoder.decode(str(found[0][0])), None)
