"""Who an identity provider's subject is here. People are told apart by issuer and subject alone:
user names and e-mail addresses change hands, and a provider may not even have checked them."""

from __future__ import annotations

from domain.envelope import Recorded
from domain.person import IdentityLinked, PersonForgotten
from domain.ports import Rows
from domain.values import REDACTED, PersonId
from projections.projection import Projection


def _link(rows: Rows, _recorded: Recorded, event: IdentityLinked) -> None:
    if event.subject.text == REDACTED:
        return
    rows.execute(
        "INSERT INTO identity (issuer, subject, person_id) VALUES (?, ?, ?)",
        (event.issuer, event.subject.text, event.person_id),
    )


def _forgotten(rows: Rows, _recorded: Recorded, event: PersonForgotten) -> None:
    rows.execute("DELETE FROM identity WHERE person_id = ?", (event.person_id,))


PROJECTION = Projection(
    name="identities",
    tables=("identity",),
    schema=(
        "CREATE TABLE IF NOT EXISTS identity ("
        "issuer TEXT NOT NULL, subject TEXT NOT NULL, person_id TEXT NOT NULL, "
        "PRIMARY KEY (issuer, subject))",
    ),
    handlers={IdentityLinked: _link, PersonForgotten: _forgotten},
)


def person_id_of(rows: Rows, issuer: str, subject: str) -> PersonId | None:
    """Return whose identity this is, or None."""
    found = rows.select(
        "SELECT person_id FROM identity WHERE issuer = ? AND subject = ?", (issuer, subject)
    )
    return PersonId(str(found[0][0])) if found else None
