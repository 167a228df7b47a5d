"""Local accounts: a user name and an Argon2id hash. Whether the name is unknown or the password is
wrong takes the same time and gives the same answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.person import Role, username_key
from domain.ports import Rows
from domain.values import PersonId
from projections.columns import text_list
from projections.people import person_by_name_as_typed

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS local_account ("
    "person_id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL)",
)
PASSWORD_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class Account:
    """A local account, as sign-in needs it."""

    person_id: PersonId
    password_hash: str = field(repr=False)
    administrator: bool


_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$vtYZCK/X+q2trFE+q/U"
    "EPw$aC3PAlS/GpDxT9W/CgJzhui6Qtnw9eO4x1ye6QSH1ck"
)
"""A hash of the same cost, of a password that lets nobody in: making one takes as long as trying one."""


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password; takes tens of milliseconds."""
    return _hasher.hash(password)


def remove_account(rows: Rows, person_id: PersonId) -> None:
    """Let a person have no local account any more."""
    rows.execute("DELETE FROM local_account WHERE person_id = ?", (person_id,))


def set_password(rows: Rows, person_id: PersonId, username: str, password_hash: str) -> None:
    """Give a person a local account, or its account a new password."""
    rows.execute(
        "INSERT INTO local_account (person_id, username, password_hash) VALUES (?, ?, ?) "
        "ON CONFLICT (person_id) DO UPDATE SET username = excluded.username, "
        "password_hash = excluded.password_hash",
        (person_id, username, password_hash),
    )


def account(rows: Rows, username: str) -> Account | None:
    """Return the account of this name if its person is not disabled."""
    found = rows.select(
        "SELECT l.person_id, l.password_hash, p.roles_json FROM local_account l "
        "JOIN person p ON p.person_id = l.person_id WHERE l.username = ? AND p.disabled = 0",
        (username,),
    )
    if not found:
        return None
    person_id, password_hash, roles = found[0]
    administrator = Role.ADMINISTRATOR in text_list(roles)
    return Account(PersonId(str(person_id)), str(password_hash), administrator)


def account_as_typed(rows: Rows, username: str) -> Account | None:
    """Return the account of this name, else that of the only person who is called so in other letters, big or
    small."""
    exact = account(rows, username)
    person = None if exact else person_by_name_as_typed(rows, username)
    if person is None:
        return exact
    found = rows.select(
        "SELECT username FROM local_account WHERE person_id = ?", (person.person_id,)
    )
    # An account keeps its name when its person gets another.
    names = [str(row[0]) for row in found if username_key(str(row[0])) == username_key(username)]
    return account(rows, names[0]) if names else None


def check_password(
    found: Account | None, password: str, hasher: PasswordHasher = _hasher
) -> PersonId | None:
    """Return the person if the password is his; takes as long for nobody."""
    password_hash = found.password_hash if found else NOBODY
    try:
        hasher.verify(password_hash, password[:PASSWORD_LIMIT])
    except (VerificationError, InvalidHashError):
        return None
    return found.person_id if found else None
