"""Token families and the digests of their refresh tokens, so that a token finds its family. Tokens that
were rotated stay for as long as they can tell of a thief: until their family ends, or until it can live no
longer. Then their rows go, as events say it and a few at a time, and a token that is not found is answered
like one of a family that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

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
STAYS_BEHIND = timedelta(days=1)
"""How long refresh tokens are known after the last moment of their family: longer than an access token that
was issued at that moment, so that a replay still ends everything there is to end."""
DROPPED_WITH_FAMILY = 5_000
"""So many rows go by the event that ends a family, for the writer's sake; the rest when its time is over."""
DROPPED_WITH_EACH = 20
"""So many rows of families whose time is over go with each new row: more than one, so that they get fewer."""


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
        f"INSERT INTO token_family ({COLUMNS}, ended, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
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
            instant(event.family_expires_at),
        ),
    )


def _token(
    rows: Rows, recorded: Recorded, digest: str, family_id: FamilyId, expires_at: datetime
) -> None:
    """Add a token; drop some of families that can live no longer. The clock is that of the log, so that a
    rebuild drops the same ones at the same places."""
    rows.execute(
        "DELETE FROM refresh_token WHERE digest IN (SELECT digest FROM refresh_token "
        "WHERE family_expires_at < ? ORDER BY family_expires_at, family_id, digest LIMIT ?)",
        (instant(recorded.envelope.recorded_at - STAYS_BEHIND), DROPPED_WITH_EACH),
    )
    rows.execute(
        "INSERT INTO refresh_token (digest, family_id, expires_at, retired, family_expires_at) "
        "SELECT ?, family_id, ?, 0, expires_at FROM token_family WHERE family_id = ?",
        (digest, instant(expires_at), family_id),
    )


def _redeemed(rows: Rows, recorded: Recorded, event: CodeRedeemed) -> None:
    if event.refresh_digest is not None:
        digest, expires_at = event.refresh_digest, event.refresh_expires_at
        _token(rows, recorded, digest, event.family_id, expires_at)


def _rotated(rows: Rows, recorded: Recorded, event: RefreshTokenRotated) -> None:
    digest, expires_at = event.refresh_digest, event.refresh_expires_at
    _token(rows, recorded, digest, event.family_id, expires_at)
    rows.execute("UPDATE refresh_token SET retired = 1 WHERE digest = ?", (event.retired_digest,))


def _ended(rows: Rows, recorded: Recorded, event: FamilyEnded) -> None:
    rows.execute(
        "UPDATE token_family SET ended = 1, ended_at = ?, ended_because = ? WHERE family_id = ?",
        (instant(recorded.envelope.recorded_at), event.reason, event.family_id),
    )
    rows.execute(
        "DELETE FROM refresh_token WHERE digest IN (SELECT digest FROM refresh_token "
        "WHERE family_expires_at = (SELECT expires_at FROM token_family WHERE family_id = ?) "
        "AND family_id = ? ORDER BY digest LIMIT ?)",
        (event.family_id, event.family_id, DROPPED_WITH_FAMILY),
    )


PROJECTION = Projection(
    name="token_families",
    tables=("token_family", "refresh_token"),
    schema=(
        "CREATE TABLE IF NOT EXISTS token_family ("
        "family_id TEXT PRIMARY KEY, consent_id TEXT NOT NULL, person TEXT NOT NULL, "
        "client_id TEXT NOT NULL, client_name TEXT NOT NULL, resource TEXT NOT NULL, "
        "scopes_json TEXT NOT NULL, opened_at TEXT NOT NULL, ended_at TEXT, "
        "ended_because TEXT, ended BIGINT NOT NULL, expires_at TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS token_family_by_consent ON token_family (consent_id, ended)",
        "CREATE INDEX IF NOT EXISTS token_family_by_person ON token_family (person, ended)",
        "CREATE TABLE IF NOT EXISTS refresh_token ("
        "digest TEXT PRIMARY KEY, family_id TEXT NOT NULL, expires_at TEXT NOT NULL, "
        "retired BIGINT NOT NULL, family_expires_at TEXT NOT NULL)",
        "CREATE INDEX IF NOT EXISTS refresh_token_by_end "
        "ON refresh_token (family_expires_at, family_id)",
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
    """Return the family that a refresh token, used or not, belongs to; None too where that has ended or can
    live no longer and has been forgotten."""
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
