"""Which consents stand: who lets which client act on what, sent back where."""

from __future__ import annotations

from domain.consent import ConsentGiven, ConsentRevoked, ConsentWidened
from domain.envelope import Recorded
from domain.ports import Rows
from domain.values import ConsentId, Scopes
from projections.columns import instant, json_text, text_list
from projections.projection import Projection


def _given(rows: Rows, recorded: Recorded, event: ConsentGiven) -> None:
    rows.execute(
        "INSERT INTO consent (consent_id, person, client_id, client_name, resource, "
        "redirect_origin, scopes_json, given_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.consent_id,
            event.person,
            event.client.client_id,
            event.client.name,
            event.resource,
            event.redirect_origin,
            json_text(event.scopes),
            instant(recorded.envelope.recorded_at),
        ),
    )


def _widened(rows: Rows, _recorded: Recorded, event: ConsentWidened) -> None:
    rows.execute(
        "UPDATE consent SET scopes_json = ? WHERE consent_id = ?",
        (json_text(event.scopes), event.consent_id),
    )


def _revoked(rows: Rows, _recorded: Recorded, event: ConsentRevoked) -> None:
    rows.execute("DELETE FROM consent WHERE consent_id = ?", (event.consent_id,))


PROJECTION = Projection(
    name="consents",
    tables=("consent",),
    schema=(
        "CREATE TABLE IF NOT EXISTS consent ("
        "consent_id TEXT PRIMARY KEY, person TEXT NOT NULL, client_id TEXT NOT NULL, "
        "client_name TEXT NOT NULL, resource TEXT NOT NULL, redirect_origin TEXT NOT NULL, "
        "scopes_json TEXT NOT NULL, given_at TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS consent_by_person ON consent (person)",
    ),
    handlers={ConsentGiven: _given, ConsentWidened: _widened, ConsentRevoked: _revoked},
)


def consented_scopes(rows: Rows, consent_id: ConsentId) -> Scopes:
    """Return the scopes that this consent stands for; empty if it does not stand."""
    found = rows.select("SELECT scopes_json FROM consent WHERE consent_id = ?", (consent_id,))
    return text_list(found[0][0]) if found else ()
