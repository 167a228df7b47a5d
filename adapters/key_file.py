"""The `SigningKeys` port as a text file: a line for each key with its id, its date and the secret, the
newest first, readable by its owner alone. A change made by another process is seen at the next
look, so that a running server takes up a rotation by itself."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from domain.ports import Clock, SigningKey, Unavailable

KEY_BYTES = 32


class BadKeyFile(Exception):  # noqa: N818 - says what is
    """The file cannot be used; the message names the line and shows no secret."""


class KeyFile:
    """The keys in one file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Read the file, or make it with one key; raises `BadKeyFile`."""
        self._path = path
        self._clock = clock
        try:
            if not path.exists():
                self._create()
            self._seen = self._stamp()
            self._keys = _parsed(path)
        except OSError as fault:
            raise BadKeyFile(f"cannot use {path}: {fault.strerror}") from None

    def ring(self) -> Sequence[SigningKey]:
        """Return the present keys, the newest first."""
        try:
            stamp = self._stamp()
            if stamp != self._seen:
                self._keys, self._seen = _parsed(self._path), stamp
        except (OSError, BadKeyFile) as fault:
            raise Unavailable(f"the signing keys cannot be read: {fault}") from None
        return self._keys

    def rotate(self) -> SigningKey:
        """Add a new first key and return it."""
        fresh = _new_key(self._clock())
        with self._alone():
            self._replace([fresh, *self.ring()])
        return fresh

    def drop(self, key_id: str) -> bool:
        """Forget a key that is not the first."""
        with self._alone():
            first, *others = self.ring()
            kept = [one for one in others if one.key_id != key_id]
            if len(kept) == len(others):
                return False
            self._replace([first, *kept])
        return True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the file between the look and the change."""
        with self._path.with_name(f"{self._path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _stamp(self) -> tuple[int, int]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_ino

    def _create(self) -> None:
        """Make the file whole, once, however many start at the same moment."""
        written = self._written([_new_key(self._clock())])
        with contextlib.suppress(FileExistsError):
            self._path.hardlink_to(written)
        written.unlink()

    def _replace(self, keys: Sequence[SigningKey]) -> None:
        try:
            self._written(keys).replace(self._path)
        except OSError as fault:
            raise Unavailable(f"cannot write {self._path}: {fault.strerror}") from None

    def _written(self, keys: Sequence[SigningKey]) -> Path:
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.writelines(f"{_line(one)}\n" for one in keys)
            file.flush()
            os.fsync(descriptor)
        return fresh


def _new_key(now: datetime) -> SigningKey:
    return SigningKey(
        secrets.token_hex(4), now.replace(microsecond=0), secrets.token_bytes(KEY_BYTES)
    )


def _line(key: SigningKey) -> str:
    return f"{key.key_id} {key.created_at.isoformat()} {urlsafe_b64encode(key.secret).decode()}"


def _parsed(path: Path) -> tuple[SigningKey, ...]:
    keys: list[SigningKey] = []
    for number, line in enumerate(path.read_text("ascii", "replace").splitlines(), start=1):
        try:
            key_id, created_at, encoded = line.split()
            key = SigningKey(
                key_id,
                datetime.fromisoformat(created_at).astimezone(UTC),
                urlsafe_b64decode(encoded),
            )
        except ValueError:
            key = None
        if key is None or len(key.secret) != KEY_BYTES:
            raise BadKeyFile(f"{path}: line {number} is not a key of {KEY_BYTES} bytes")
        keys.append(key)
    if not keys:
        raise BadKeyFile(f"{path} holds no key")
    return tuple(keys)
