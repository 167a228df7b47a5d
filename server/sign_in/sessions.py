"""The browser's session: a row, found by the digest of a secret in a cookie. The secret changes at
each sign-in, so that one planted before it is worth nothing after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from domain.ports import Rows
from domain.values import PersonId
from projections.columns import instant, parse_instant
from projections.people import PersonRow, person_by_id
from server.secret_tokens import digest, new_secret

IDLE_LIFE = timedelta(hours=8)
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS session ("
    "digest TEXT PRIMARY KEY, person_id TEXT NOT NULL, signed_in_at TEXT NOT NULL, "
    "expires_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS session_by_expiry ON session (expires_at)",
    "CREATE INDEX IF NOT EXISTS session_by_person ON session (person_id)",
)


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and since when."""

    person: PersonRow
    signed_in_at: datetime


@dataclass(frozen=True, slots=True)
class Cookies:
    """How the session's cookie is named and sent. RFC 6265bis §4.1.3.2 has the prefix."""

    secure: bool

    @property
    def name(self) -> str:
        return "__Host-sid" if self.secure else "sid"

    def secret_of(self, request: Request) -> str:
        """Return the cookie's secret, or a new one for a browser that has none."""
        found = request.cookies.get(self.name, "")
        return found if len(found) == len(new_secret()) else new_secret()

    def put(self, response: Response, secret: str) -> None:
        """Give the browser this secret. Lax: it must come along on the way back from a client."""
        response.set_cookie(
            self.name, secret, path="/", secure=self.secure, httponly=True, samesite="lax"
        )


def open_session(rows: Rows, secret: str, person_id: PersonId, now: datetime) -> None:
    """Begin a session; drop those that have ended."""
    rows.execute("DELETE FROM session WHERE expires_at < ?", (instant(now),))
    rows.execute(
        "INSERT INTO session (digest, person_id, signed_in_at, expires_at) VALUES (?, ?, ?, ?)",
        (digest(secret), person_id, instant(now), instant(now + IDLE_LIFE)),
    )


def close_session(rows: Rows, secret: str) -> None:
    """End a session."""
    rows.execute("DELETE FROM session WHERE digest = ?", (digest(secret),))


def close_sessions_of(rows: Rows, person_id: PersonId) -> None:
    """End all sessions of a person."""
    rows.execute("DELETE FROM session WHERE person_id = ?", (person_id,))


def signed_in(rows: Rows, secret: str, now: datetime) -> Session | None:
    """Return whose session this is, if it lasts and he is not disabled."""
    found = rows.select(
        "SELECT person_id, signed_in_at FROM session WHERE digest = ? AND expires_at > ?",
        (digest(secret), instant(now)),
    )
    person = person_by_id(rows, str(found[0][0])) if found else None
    if person is None or person.disabled:
        return None
    return Session(person, parse_instant(found[0][1]))
