"""Token families and the digests of their refresh tokens, so that a token finds its family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.envelope import Recorded
from domain.ports import Row, Rows
from domain.token_family import (
    CodeRedeemed,
    EndReason,
    FamilyEnded,
    FamilyOpened,
    RefreshTokenRotated,
)
from domain.values import FamilyId, PersonId, Scopes
from projections.columns import instant, json_text, parse_instant, text_list
from projections.projection import Projection

COLUMNS = (
    "family_id, consent_id, person, client_id, client_name, resource, scopes_json, opened_at, "
    "ended_at, ended_because"
)


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """A token family; where `ended_at` is set, nothing in it works any more."""

    family_id: FamilyId
    consent_id: str
    person: PersonId
    client_id: str
    client_name: str
    resource: str
    scopes: Scopes
    opened_at: datetime
    ended_at: datetime | None
    ended_because: EndReason | None

    @property
    def ended(self) -> bool:
        """Whether nothing in it works any more."""
        return self.ended_at is not None


def _opened(rows: Rows, recorded: Recorded, event: FamilyOpened) -> None:
    rows.execute(
        f"INSERT INTO token_family ({COLUMNS}, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (
            event.family_id,
            event.consent_id,
            event.person,
            event.client.client_id,
            event.client.name,
            event.resource,
            json_text(event.scopes),
            instant(recorded.envelope.recorded_at),
            None,
            None,
        ),
    )


def _token(rows: Rows, digest: str, family_id: FamilyId, expires_at: datetime) -> None:
    rows.execute(
        "INSERT INTO refresh_token (digest, family_id, expires_at, retired) VALUES (?, ?, ?, 0)",
        (digest, family_id, instant(expires_at)),
    )


def _redeemed(rows: Rows, _recorded: Recorded, event: CodeRedeemed) -> None:
    if event.refresh_digest is not None:
        _token(rows, event.refresh_digest, event.family_id, event.refresh_expires_at)


def _rotated(rows: Rows, _recorded: Recorded, event: RefreshTokenRotated) -> None:
    _token(rows, event.refresh_digest, event.family_id, event.refresh_expires_at)
    rows.execute("UPDATE refresh_token SET retired = 1 WHERE digest = ?", (event.retired_digest,))


def _ended(rows: Rows, recorded: Recorded, event: FamilyEnded) -> None:
    rows.execute(
        "UPDATE token_family SET ended = 1, ended_at = ?, ended_because = ? WHERE family_id = ?",
        (instant(recorded.envelope.recorded_at), event.reason, event.family_id),
    )


PROJECTION = Projection(
    name="token_families",
    tables=("token_family", "refresh_token"),
    schema=(
        "CREATE TABLE IF NOT EXISTS token_family ("
        "family_id TEXT PRIMARY KEY, consent_id TEXT NOT NULL, person TEXT NOT NULL, "
        "client_id TEXT NOT NULL, client_name TEXT NOT NULL, resource TEXT NOT NULL, "
        "scopes_json TEXT NOT NULL, opened_at TEXT NOT NULL, ended_at TEXT, "
        "ended_because TEXT, ended BIGINT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS token_family_by_consent ON token_family (consent_id, ended)",
        "CREATE INDEX IF NOT EXISTS token_family_by_person ON token_family (person, ended)",
        "CREATE TABLE IF NOT EXISTS refresh_token ("
        "digest TEXT PRIMARY KEY, family_id TEXT NOT NULL, expires_at TEXT NOT NULL, "
        "retired BIGINT NOT NULL)",
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
    sql = f"SELECT {COLUMNS} FROM token_family WHERE family_id = ?"
    found = rows.select(sql, (family_id,))
    return _row(found[0]) if found else None


def family_of_refresh_token(rows: Rows, digest: str) -> FamilyRow | None:
    """Return the family that a refresh token, used or not, belongs to."""
    found = rows.select("SELECT family_id FROM refresh_token WHERE digest = ?", (digest,))
    return family_by_id(rows, str(found[0][0])) if found else None


def refresh_expiry(rows: Rows, digest: str) -> datetime | None:
    """Return when a refresh token expires; None for one that is unknown or was rotated."""
    found = rows.select(
        "SELECT expires_at FROM refresh_token WHERE digest = ? AND retired = 0", (digest,)
    )
    return parse_instant(found[0][0]) if found else None


def live_families(
    rows: Rows, *, consent_id: str | None = None, person: PersonId | None = None
) -> list[FamilyRow]:
    """Return the families that have not ended, of one consent or of one person."""
    column, value = ("consent_id", consent_id) if person is None else ("person", person)
    sql = f"SELECT {COLUMNS} FROM token_family WHERE {column} = ? AND ended = 0 ORDER BY family_id"
    return [_row(row) for row in rows.select(sql, (value,))]


def families_ended_by_replay(rows: Rows, person: PersonId, since: datetime) -> list[FamilyRow]:
    """Return the person's families that ended because a code or token was used again."""
    sql = (
        f"SELECT {COLUMNS} FROM token_family WHERE person = ? AND ended = 1 AND ended_at > ? "
        "AND ended_because IN (?, ?) ORDER BY ended_at DESC"
    )
    replays = (EndReason.CODE_REPLAYED, EndReason.REFRESH_TOKEN_REPLAYED)
    return [_row(row) for row in rows.select(sql, (person, instant(since), *replays))]


def _row(row: Row) -> FamilyRow:
    texts = [str(value) for value in row[:6]]
    return FamilyRow(
        family_id=FamilyId(texts[0]),
        consent_id=texts[1],
        person=PersonId(texts[2]),
        client_id=texts[3],
        client_name=texts[4],
        resource=texts[5],
        scopes=text_list(row[6]),
        opened_at=parse_instant(row[7]),
        ended_at=None if row[8] is None else parse_instant(row[8]),
        ended_because=None if row[9] is None else EndReason(str(row[9])),
    )
