"""Local accounts: a user name and an Argon2id hash. Whether the name is unknown or the password is
wrong takes the same time and gives the same answer."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.ports import Rows
from domain.values import PersonId

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS local_account ("
    "person_id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL)",
)
PASSWORD_LIMIT = 1_000

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_nobody = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password; takes tens of milliseconds."""
    return _hasher.hash(password)


def set_password(rows: Rows, person_id: PersonId, username: str, password_hash: str) -> None:
    """Give a person a local account, or its account a new password."""
    rows.execute(
        "INSERT INTO local_account (person_id, username, password_hash) VALUES (?, ?, ?) "
        "ON CONFLICT (person_id) DO UPDATE SET username = excluded.username, "
        "password_hash = excluded.password_hash",
        (person_id, username, password_hash),
    )


def account(rows: Rows, username: str) -> tuple[PersonId, str] | None:
    """Return person and password hash of an account whose person is not disabled."""
    found = rows.select(
        "SELECT l.person_id, l.password_hash FROM local_account l "
        "JOIN person p ON p.person_id = l.person_id WHERE l.username = ? AND p.disabled = 0",
        (username,),
    )
    return (PersonId(str(found[0][0])), str(found[0][1])) if found else None


def check_password(found: tuple[PersonId, str] | None, password: str) -> PersonId | None:
    """Return the person if the password is his; takes as long for nobody."""
    person_id, password_hash = found or (None, _nobody)
    try:
        _hasher.verify(password_hash, password[:PASSWORD_LIMIT])
    except (VerificationError, InvalidHashError):
        return None
    return person_id
