"""The rows of the authorization server that are no history: requests on their way through sign-in
and consent, what a code is bound to, and access tokens. Secrets are digests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from domain.ports import Rows
from domain.values import FamilyId, Scopes
from projections.columns import instant, json_text, parse_instant, text_list
from projections.token_families import FamilyRow
from server.secret_tokens import digest

REQUEST_LIFE = timedelta(minutes=30)
CODE_LIFE = timedelta(seconds=60)
ACCESS_LIFE = timedelta(minutes=30)
REFRESH_IDLE_LIFE = timedelta(days=30)
FAMILY_LIFE = timedelta(days=90)

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS authorization_request ("
    "digest TEXT PRIMARY KEY, body TEXT NOT NULL, expires_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS authorization_request_by_expiry ON authorization_request (expires_at)",
    "CREATE TABLE IF NOT EXISTS authorization_code ("
    "digest TEXT PRIMARY KEY, family_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, "
    "code_challenge TEXT NOT NULL, expires_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS authorization_code_by_expiry ON authorization_code (expires_at)",
    "CREATE TABLE IF NOT EXISTS access_token ("
    "digest TEXT PRIMARY KEY, family_id TEXT NOT NULL, scopes_json TEXT NOT NULL, "
    "issued_at TEXT NOT NULL, expires_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS access_token_by_expiry ON access_token (expires_at)",
)


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """A checked authorization request. `error` is what it will be answered, if not a code."""

    client_id: str
    redirect_uri: str
    state: str | None
    scopes: Scopes
    resource: str
    code_challenge: str
    prompts: tuple[str, ...]
    asked_at: datetime
    error: str | None = None
    description: str = ""


_request_decoder = msgspec.json.Decoder(AuthorizationRequest)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What a code is bound to."""

    family_id: FamilyId
    redirect_uri: str
    code_challenge: str


def store_request(rows: Rows, secret: str, request: AuthorizationRequest, now: datetime) -> None:
    """Keep a request while its person signs in and decides."""
    rows.execute("DELETE FROM authorization_request WHERE expires_at < ?", (instant(now),))
    rows.execute(
        "INSERT INTO authorization_request (digest, body, expires_at) VALUES (?, ?, ?)",
        (digest(secret), msgspec.json.encode(request).decode(), instant(now + REQUEST_LIFE)),
    )


def find_request(rows: Rows, secret: str, now: datetime) -> AuthorizationRequest | None:
    """Return a request that is still on its way."""
    found = rows.select(
        "SELECT body FROM authorization_request WHERE digest = ? AND expires_at > ?",
        (digest(secret), instant(now)),
    )
    return _request_decoder.decode(str(found[0][0])) if found else None


def forget_request(rows: Rows, secret: str) -> bool:
    """End a request; False if it had ended before, so that it is answered only once."""
    sql = "DELETE FROM authorization_request WHERE digest = ?"
    return rows.execute(sql, (digest(secret),)) == 1


def store_code(rows: Rows, code: str, row: CodeRow, now: datetime) -> None:
    """Keep what a code is bound to; long enough to know a replay for one."""
    rows.execute("DELETE FROM authorization_code WHERE expires_at < ?", (instant(now),))
    rows.execute(
        "INSERT INTO authorization_code "
        "(digest, family_id, redirect_uri, code_challenge, expires_at) VALUES (?, ?, ?, ?, ?)",
        (
            digest(code),
            row.family_id,
            row.redirect_uri,
            row.code_challenge,
            instant(now + FAMILY_LIFE),
        ),
    )


def find_code(rows: Rows, code: str) -> CodeRow | None:
    """Return what a code, used or not, is bound to."""
    found = rows.select(
        "SELECT family_id, redirect_uri, code_challenge FROM authorization_code WHERE digest = ?",
        (digest(code),),
    )
    if not found:
        return None
    family_id, redirect_uri, code_challenge = map(str, found[0])
    return CodeRow(FamilyId(family_id), redirect_uri, code_challenge)


def store_access_token(
    rows: Rows, token: str, family_id: FamilyId, scopes: Scopes, now: datetime
) -> None:
    """Make an access token good for `ACCESS_LIFE`; drop those that have expired."""
    rows.execute("DELETE FROM access_token WHERE expires_at < ?", (instant(now),))
    rows.execute(
        "INSERT INTO access_token (digest, family_id, scopes_json, issued_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?)",
        (
            digest(token),
            family_id,
            json_text(scopes),
            instant(now),
            instant(now + ACCESS_LIFE),
        ),
    )


@dataclass(frozen=True, slots=True)
class AccessTokenRow:
    """An access token, expired or not."""

    family_id: FamilyId
    scopes: Scopes
    issued_at: datetime
    expires_at: datetime


def find_access_token(rows: Rows, token: str) -> AccessTokenRow | None:
    """Return what an access token is good for, if it was one of ours."""
    found = rows.select(
        "SELECT family_id, scopes_json, issued_at, expires_at FROM access_token WHERE digest = ?",
        (digest(token),),
    )
    if not found:
        return None
    family_id, scopes, issued_at, expires_at = found[0]
    return AccessTokenRow(
        FamilyId(str(family_id)),
        text_list(scopes),
        parse_instant(issued_at),
        parse_instant(expires_at),
    )


def family_id_of_access_token(rows: Rows, token: str) -> str | None:
    """Return the family an access token belongs to."""
    found = rows.select("SELECT family_id FROM access_token WHERE digest = ?", (digest(token),))
    return str(found[0][0]) if found else None


def narrowed(family: FamilyRow, asked: str) -> Scopes:
    """Return the asked scopes (separated by blanks; none asks for all) that the family has."""
    wanted = asked.split()
    return tuple(one for one in family.scopes if not wanted or one in wanted)
