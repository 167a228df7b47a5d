"""Which consents stand: who lets which client act on what, sent back where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.consent import ConsentGiven, ConsentNarrowed, ConsentRevoked, ConsentWidened
from domain.envelope import Recorded
from domain.ports import Row, Rows
from domain.values import ConsentId, PersonId, Scopes
from projections.columns import instant, json_text, number, parse_instant, text_list
from projections.pages import Page
from projections.projection import Projection

COLUMNS = (
    "consent_id, person, client_id, client_name, client_digest, resource, redirect_origin, "
    "scopes_json, given_at"
)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent that stands. `client_digest` is of the client's metadata as the person saw it."""

    consent_id: ConsentId
    person: PersonId
    client_id: str
    client_name: str
    client_digest: str
    resource: str
    redirect_origin: str
    scopes: Scopes
    given_at: datetime


def _given(rows: Rows, recorded: Recorded, event: ConsentGiven) -> None:
    rows.execute("DELETE FROM consent WHERE consent_id = ?", (event.consent_id,))
    rows.execute(
        f"INSERT INTO consent ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.consent_id,
            event.person,
            event.client.client_id,
            event.client.name,
            event.client_digest,
            event.resource,
            event.redirect_origin,
            json_text(event.scopes),
            instant(recorded.envelope.recorded_at),
        ),
    )


def _changed(rows: Rows, _recorded: Recorded, event: ConsentWidened | ConsentNarrowed) -> None:
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
        "client_name TEXT NOT NULL, client_digest TEXT NOT NULL, resource TEXT NOT NULL, "
        "redirect_origin TEXT NOT NULL, scopes_json TEXT NOT NULL, given_at TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS consent_by_person ON consent (person)",
    ),
    handlers={
        ConsentGiven: _given,
        ConsentWidened: _changed,
        ConsentNarrowed: _changed,
        ConsentRevoked: _revoked,
    },
)


def consent_by_id(rows: Rows, consent_id: str) -> ConsentRow | None:
    """Return the consent if it stands."""
    sql = f"SELECT {COLUMNS} FROM consent WHERE consent_id = ?"
    found = rows.select(sql, (consent_id,))
    return _row(found[0]) if found else None


def consents_of(
    rows: Rows, person: PersonId | None, *, page: int = 1, size: int = 50
) -> Page[ConsentRow]:
    """Return the standing consents of a person, or of everybody, the newest first."""
    where, params = ("", ()) if person is None else (" WHERE person = ?", (person,))
    total = number(rows.select(f"SELECT COUNT(*) FROM consent{where}", params)[0][0])
    found = rows.select(
        f"SELECT {COLUMNS} FROM consent{where} ORDER BY given_at DESC, consent_id "
        "LIMIT ? OFFSET ?",
        (*params, size, (page - 1) * size),
    )
    return Page(tuple(_row(row) for row in found), total, page, size)


def person_trusts(rows: Rows, person: PersonId, client_id: str) -> bool:
    """Say whether the person lets this client act for him on anything."""
    sql = "SELECT 1 FROM consent WHERE person = ? AND client_id = ?"
    return bool(rows.select(sql, (person, client_id)))


def _row(row: Row) -> ConsentRow:
    texts = [str(value) for value in row[:7]]
    return ConsentRow(
        consent_id=ConsentId(texts[0]),
        person=PersonId(texts[1]),
        client_id=texts[2],
        client_name=texts[3],
        client_digest=texts[4],
        resource=texts[5],
        redirect_origin=texts[6],
        scopes=text_list(row[7]),
        given_at=parse_instant(row[8]),
    )
