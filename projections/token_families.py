"""Token families and the digests of their refresh tokens, so that a token finds its family."""

from __future__ import annotations

from dataclasses import dataclass

from domain.envelope import Recorded
from domain.ports import Rows
from domain.token_family import CodeRedeemed, FamilyEnded, FamilyOpened, RefreshTokenRotated
from domain.values import FamilyId, PersonId, Scopes
from projections.columns import json_text, text_list
from projections.projection import Projection


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """A token family; `ended` says that nothing in it works any more."""

    family_id: FamilyId
    consent_id: str
    person: PersonId
    client_id: str
    client_name: str
    resource: str
    scopes: Scopes
    ended: bool


def _opened(rows: Rows, _recorded: Recorded, event: FamilyOpened) -> None:
    rows.execute(
        "INSERT INTO token_family (family_id, consent_id, person, client_id, client_name, "
        "resource, scopes_json, ended) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        (
            event.family_id,
            event.consent_id,
            event.person,
            event.client.client_id,
            event.client.name,
            event.resource,
            json_text(event.scopes),
        ),
    )


def _token(rows: Rows, digest: str, family_id: FamilyId) -> None:
    rows.execute(
        "INSERT INTO refresh_token (digest, family_id) VALUES (?, ?)", (digest, family_id)
    )


def _redeemed(rows: Rows, _recorded: Recorded, event: CodeRedeemed) -> None:
    if event.refresh_digest is not None:
        _token(rows, event.refresh_digest, event.family_id)


def _rotated(rows: Rows, _recorded: Recorded, event: RefreshTokenRotated) -> None:
    _token(rows, event.refresh_digest, event.family_id)


def _ended(rows: Rows, _recorded: Recorded, event: FamilyEnded) -> None:
    rows.execute("UPDATE token_family SET ended = 1 WHERE family_id = ?", (event.family_id,))


PROJECTION = Projection(
    name="token_families",
    tables=("token_family", "refresh_token"),
    schema=(
        "CREATE TABLE IF NOT EXISTS token_family ("
        "family_id TEXT PRIMARY KEY, consent_id TEXT NOT NULL, person TEXT NOT NULL, "
        "client_id TEXT NOT NULL, client_name TEXT NOT NULL, resource TEXT NOT NULL, "
        "scopes_json TEXT NOT NULL, ended BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS refresh_token ("
        "digest TEXT PRIMARY KEY, family_id TEXT NOT NULL)",
    ),
    handlers={
        FamilyOpened: _opened,
        CodeRedeemed: _redeemed,
        RefreshTokenRotated: _rotated,
        FamilyEnded: _ended,
    },
)


def family_by_id(rows: Rows, family_id: str) -> FamilyRow | None:
    """Return the family, ended or not."""
    found = rows.select(
        "SELECT family_id, consent_id, person, client_id, client_name, resource, scopes_json, "
        "ended FROM token_family WHERE family_id = ?",
        (family_id,),
    )
    if not found:
        return None
    row = found[0]
    texts = [str(value) for value in row[1:6]]
    return FamilyRow(
        FamilyId(str(row[0])),
        texts[0],
        PersonId(texts[1]),
        texts[2],
        texts[3],
        texts[4],
        text_list(row[6]),
        bool(row[7]),
    )


def family_of_refresh_token(rows: Rows, digest: str) -> FamilyRow | None:
    """Return the family that a refresh token, used or not, belongs to."""
    found = rows.select("SELECT family_id FROM refresh_token WHERE digest = ?", (digest,))
    return family_by_id(rows, str(found[0][0])) if found else None
