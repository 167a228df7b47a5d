"""The `SigningKeys` port as a text file: a line for each key with its id, its date and the secret, the
newest first, readable by its owner alone; of a key that was dropped, id and date stay. A change made by
another process is seen at the next look, so that a running server takes up a rotation by itself. The
file may be a mounted secret that nobody here can write."""

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
DROPPED = "dropped"
"""Stands where the secret was."""


class BadKeyFile(Exception):  # noqa: N818 - says what is
    """The file cannot be used; the message names the line and shows no secret."""


class KeyFile:
    """The keys in one file."""

    def __init__(self, path: Path, clock: Clock, *, make: bool = True) -> None:
        """Read the file, or `make` it with one key; raises `BadKeyFile`."""
        self._path = path
        self._clock = clock
        self._dropped: tuple[str, ...] = ()
        try:
            if make and not path.exists():
                self._create()
            self._seen = self._stamp()
            self._keys, self._dropped = _parsed(path)
        except OSError as fault:
            raise BadKeyFile(f"cannot use {path}: {fault.strerror}") from None

    def ring(self) -> Sequence[SigningKey]:
        """Return the present keys, the newest first."""
        try:
            stamp = self._stamp()
            if stamp != self._seen:
                self._keys, self._dropped = _parsed(self._path)
                self._seen = stamp
        except (OSError, BadKeyFile) as fault:
            raise Unavailable(f"the signing keys cannot be read: {fault}") from None
        return self._keys

    def dropped(self) -> frozenset[str]:
        """Return the ids of keys that were here once."""
        self.ring()
        return frozenset(line.split()[0] for line in self._dropped)

    def rotate(self) -> SigningKey:
        """Add a new first key and return it; raises `Unavailable` where the file cannot be written."""
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
            gone = next(one for one in others if one.key_id == key_id)
            self._dropped = (
                *self._dropped,
                f"{gone.key_id} {gone.created_at.isoformat()} {DROPPED}",
            )
            self._replace([first, *kept])
        return True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the file between the look and the change."""
        try:
            lock = self._path.with_name(f"{self._path.name}.lock").open("w")
        except OSError as fault:
            raise self._not_written(fault) from None
        with lock:
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
            raise self._not_written(fault) from None

    def _not_written(self, fault: OSError) -> Unavailable:
        return Unavailable(
            f"{self._path} cannot be written here ({fault.strerror}): change it where it is kept, and "
            "bring the changed file to every server"
        )

    def _written(self, keys: Sequence[SigningKey]) -> Path:
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.writelines(f"{_line(one)}\n" for one in keys)
            file.writelines(f"{line}\n" for line in self._dropped)
            file.flush()
            os.fsync(descriptor)
        return fresh


def _new_key(now: datetime) -> SigningKey:
    return SigningKey(
        secrets.token_hex(4), now.replace(microsecond=0), secrets.token_bytes(KEY_BYTES)
    )


def _line(key: SigningKey) -> str:
    return f"{key.key_id} {key.created_at.isoformat()} {urlsafe_b64encode(key.secret).decode()}"


def _parsed(path: Path) -> tuple[tuple[SigningKey, ...], tuple[str, ...]]:
    """Return the keys, and the lines of those that were dropped."""
    keys: list[SigningKey] = []
    dropped: list[str] = []
    for number, line in enumerate(path.read_text("ascii", "replace").splitlines(), start=1):
        try:
            key_id, created_at, encoded = line.split()
            if encoded == DROPPED:
                dropped.append(line)
                continue
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
    return tuple(keys), tuple(dropped)
