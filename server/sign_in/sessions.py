"""The browser's session: a row, found by the digest of a secret in a cookie. A token against
cross-site requests is derived from the cookie, so a page needs no state of its own."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from domain.ports import Rows
from domain.values import PersonId
from projections.columns import instant
from server.secret_tokens import digest, new_secret

IDLE_LIFE = timedelta(hours=8)
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS session ("
    "digest TEXT PRIMARY KEY, person_id TEXT NOT NULL, expires_at TEXT NOT NULL)",
)


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


def csrf_token(secret: str) -> str:
    """Return what a form of this browser's must carry."""
    return hmac.digest(secret.encode(), b"form", sha256).hex()


def check_csrf(secret: str, token: str) -> bool:
    """Say whether a form came from a page that we gave to this browser."""
    return hmac.compare_digest(csrf_token(secret).encode(), token.encode("utf-8", "replace"))


def open_session(rows: Rows, secret: str, person_id: PersonId, now: datetime) -> None:
    """Begin a session; drop those that have ended."""
    rows.execute("DELETE FROM session WHERE expires_at < ?", (instant(now),))
    rows.execute(
        "INSERT INTO session (digest, person_id, expires_at) VALUES (?, ?, ?)",
        (digest(secret), person_id, instant(now + IDLE_LIFE)),
    )


def close_session(rows: Rows, secret: str) -> None:
    """End a session."""
    rows.execute("DELETE FROM session WHERE digest = ?", (digest(secret),))


def signed_in(rows: Rows, secret: str, now: datetime) -> PersonId | None:
    """Return whose session this is, if it lasts and he is not disabled."""
    found = rows.select(
        "SELECT s.person_id FROM session s JOIN person p ON p.person_id = s.person_id "
        "WHERE s.digest = ? AND s.expires_at > ? AND p.disabled = 0",
        (digest(secret), instant(now)),
    )
    return PersonId(str(found[0][0])) if found else None
