"""Each person's own key, by which text about him is sealed in the log: AES-256-GCM (NIST SP 800-38D), the
person's id as associated data. The keys lie in a table, wrapped by a master key from the data folder that
no copy of the database holds. Forgetting a person destroys his key: what it sealed, here, in the stream and
in whatever copied either, is noise from then on, and no hash of the log changes. A person who was
forgotten never gets another key."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.ports import Rows, SigningKey, SigningKeys, Unavailable
from domain.values import REDACTED, Personal, PersonId

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS person_key ("
    "person_id TEXT PRIMARY KEY, master_id TEXT NOT NULL, wrapped TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS forgotten_person ("
    "number BIGINT PRIMARY KEY, person_id TEXT NOT NULL UNIQUE, at TEXT NOT NULL)",
)
NEWEST = "SELECT COALESCE(MAX(number), 0) FROM forgotten_person"
"""How many people were forgotten."""
NONCE_BYTES = 12
KEY_BITS = 256
CACHED = 20_000
"""Most keys in memory; all go when it is full."""
GONE = ""
"""Stands for the seal of text that was never sealed, since its person was forgotten before."""


class PersonKeys:
    """The keys of one store. Any thread may open; one write transaction at a time seals."""

    def __init__(
        self, master: SigningKeys | None, look: Callable[[], AbstractContextManager[Rows]]
    ) -> None:
        """`look` opens a read of the store. Without a `master` nothing is sealed, and what was reads as
        `REDACTED`: so does a copy of the log on a machine that has no keys."""
        self._master = master
        self._look = look
        self._ciphers: dict[str, AESGCM] = {}
        self._forgotten: frozenset[str] = frozenset()
        self.seen = 0
        """The number of the last person who is known to be forgotten."""
        self._current: KeysInUse | None = None

    def begin(self, rows: Rows, newest: int) -> KeysInUse:
        """Return the keys for a write transaction that has just taken the log's lock and seen `NEWEST`."""
        self._notice(rows, newest)
        self._current = KeysInUse(self, rows)
        return self._current

    def end(self, keys: KeysInUse) -> None:
        """Know no more of a transaction, unless another one has begun."""
        if self._current is keys:
            self._current = None

    def notice(self, rows: Rows) -> None:
        """See who was forgotten meanwhile, by whatever process."""
        newest = rows.select(NEWEST)[0][0]
        self._notice(rows, newest if isinstance(newest, int) else 0)

    def _notice(self, rows: Rows, newest: int) -> None:
        if newest > self.seen:
            found = rows.select(
                "SELECT person_id FROM forgotten_person WHERE number > ?", (self.seen,)
            )
            self.seen = newest
            self.drop(str(person) for (person,) in found)

    def drop(self, people: Iterable[str]) -> None:
        """Know these keys no more."""
        gone = frozenset(people)
        self._forgotten |= gone
        for person in gone:
            self._ciphers.pop(person, None)

    def keep(self, ciphers: dict[str, AESGCM]) -> None:
        """Remember keys that are stored."""
        if len(self._ciphers) + len(ciphers) > CACHED:
            self._ciphers = {}
        self._ciphers.update(ciphers)

    @property
    def seals(self) -> bool:
        """Whether text about people is sealed at all."""
        return self._master is not None

    def _ring(self) -> Sequence[SigningKey]:
        if self._master is None:
            raise Unavailable("the store was opened without personal.keys")
        return self._master.ring()

    def is_forgotten(self, person: str) -> bool:
        """Say whether the person is known to be forgotten."""
        current = self._current
        return person in self._forgotten or (current is not None and person in current.destroyed)

    def opened(self, subject: PersonId, *, text: str = "", sealed: str | None = None) -> Personal:
        """Return stored text about a person; raises `ValueError` if its seal is broken."""
        if self.is_forgotten(subject) or sealed == GONE:
            return Personal(subject, REDACTED, sealed)
        if sealed is None:
            return Personal(subject, text)
        cipher = None if self._master is None else self._cipher(subject)
        if cipher is None:
            return Personal(subject, REDACTED, sealed)
        try:
            whole = b64decode(sealed, validate=True)
            opened = cipher.decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], subject.encode())
        except (ValueError, InvalidTag):
            raise ValueError("the seal of text about a person is broken") from None
        return Personal(subject, opened.decode(), sealed)

    def _cipher(self, person: str) -> AESGCM | None:
        cached = self._ciphers.get(person)
        if cached is not None:
            return cached
        current = self._current
        fresh = current.fresh.get(person) if current is not None else None
        if fresh is not None:
            return fresh
        with self._look() as rows:
            cipher = self.stored(rows, person)
        if cipher is not None:
            self.keep({person: cipher})
        return cipher

    def stored(self, rows: Rows, person: str) -> AESGCM | None:
        """Return a person's key as it is stored; raises `Unavailable` where no master key opens it."""
        found = rows.select(
            "SELECT master_id, wrapped FROM person_key WHERE person_id = ?", (person,)
        )
        if not found:
            return None
        return AESGCM(self._unwrapped(person, *map(str, found[0])))

    def cached(self, person: str) -> AESGCM | None:
        """Return a person's key if it is in memory."""
        return self._ciphers.get(person)

    def wrapped(self, person: str, key: bytes) -> tuple[str, str]:
        """Return the id of the first master key, and the person's key wrapped by it."""
        master = self._ring()[0]
        nonce = os.urandom(NONCE_BYTES)
        content = _wrapping(master).encrypt(nonce, key, person.encode())
        return master.key_id, b64encode(nonce + content).decode()

    def rewrap(self, rows: Rows) -> int:
        """Wrap every key by the first master key that another one wraps; return how many those were."""
        if not self.seals:
            return 0
        first = self._ring()[0].key_id
        found = rows.select(
            "SELECT person_id, master_id, wrapped FROM person_key WHERE master_id <> ?", (first,)
        )
        for person, master_id, wrapped in (map(str, row) for row in found):
            fresh = self.wrapped(person, self._unwrapped(person, master_id, wrapped))
            rows.execute(
                "UPDATE person_key SET master_id = ?, wrapped = ? WHERE person_id = ?",
                (*fresh, person),
            )
        return len(found)

    def _unwrapped(self, person: str, master_id: str, wrapped: str) -> bytes:
        master = next((one for one in self._ring() if one.key_id == master_id), None)
        if master is None:
            raise Unavailable(f"personal.keys lacks the key {master_id}: restore that file")
        try:
            whole = b64decode(wrapped)
            return _wrapping(master).decrypt(
                whole[:NONCE_BYTES], whole[NONCE_BYTES:], person.encode()
            )
        except (ValueError, InvalidTag):
            raise Unavailable(f"the key of {person} is not what was stored") from None


class KeysInUse:
    """The keys inside one write transaction. What it makes and destroys counts once that commits."""

    def __init__(self, keys: PersonKeys, rows: Rows) -> None:
        self._keys = keys
        self._rows = rows
        self.fresh: dict[str, AESGCM] = {}
        self.destroyed: frozenset[str] = frozenset()
        self.redacted = False

    def stored(self, personal: Personal) -> dict[str, str]:
        """Return text about a person sealed by his key, which is made if he has none."""
        person = personal.subject
        if self._keys.is_forgotten(person):
            self.redacted = True
            return {"subject": person, "sealed": GONE}
        if not self._keys.seals:
            return {"subject": person, "text": personal.text}
        cipher = self._keys.cached(person) or self.fresh.get(person) or self._made(person)
        nonce = os.urandom(NONCE_BYTES)
        content = cipher.encrypt(nonce, personal.text.encode(), person.encode())
        return {"subject": person, "sealed": b64encode(nonce + content).decode()}

    def _made(self, person: str) -> AESGCM:
        cipher = self._keys.stored(self._rows, person)
        if cipher is None:
            key = AESGCM.generate_key(KEY_BITS)
            self._rows.execute(
                "INSERT INTO person_key (person_id, master_id, wrapped) VALUES (?, ?, ?)",
                (person, *self._keys.wrapped(person, key)),
            )
            cipher = AESGCM(key)
        self.fresh[person] = cipher
        return cipher

    def destroy(self, person: str) -> None:
        """Destroy a person's key, for ever."""
        self._rows.execute("DELETE FROM person_key WHERE person_id = ?", (person,))
        self._rows.execute(
            "INSERT INTO forgotten_person (number, person_id, at) "
            "SELECT COALESCE(MAX(number), 0) + 1, ?, ? FROM forgotten_person",
            (person, datetime.now(UTC).isoformat()),
        )
        self.fresh.pop(person, None)
        self.destroyed |= {person}

    def mark(self) -> tuple[dict[str, AESGCM], frozenset[str]]:
        """Return what `restore` goes back to."""
        return dict(self.fresh), self.destroyed

    def restore(self, mark: tuple[dict[str, AESGCM], frozenset[str]]) -> None:
        """Forget what was made and destroyed since the mark: its rows are undone."""
        self.fresh, self.destroyed = mark

    def ended(self, kind: type[BaseException] | None, *_fault: object) -> None:
        """The transaction is durable, or by a fault of this kind undone: then what it made and destroyed
        never was."""
        if kind is None:
            self._keys.drop(self.destroyed)
            self._keys.keep(self.fresh)
        else:
            self._keys.end(self)


def _wrapping(master: SigningKey) -> AESGCM:
    """Derive a key for this use alone from 256 random bits (RFC 5869)."""
    return AESGCM(HKDF(SHA256(), 32, None, b"doorward person key").derive(master.secret))
