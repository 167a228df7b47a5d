"""Checkpoints in a file, one note after the other, appended and never rewritten: on a disk of another machine, or
on one that can only be written once. Beside it, with ``.timestamps`` after its name, a line for each time
stamp: the SHA-256 of the note, and the reply in base64."""

from __future__ import annotations

import os
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

from domain.checkpoint import Unwitnessed, Witnessed
from server.audit.checkpoints.notes import BadNote, notes_in


class NoteFile:
    """The checkpoints in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamps = path.with_name(f"{path.name}.timestamps")

    def put(self, witnessed: Witnessed) -> None:
        """Append one unless it is there; raises `Unwitnessed`."""
        try:
            if witnessed.note in self._text():
                return
            # An empty line before: what a crash left half written spoils itself alone.
            _append(self._path, f"\n\n{witnessed.note}")
            if witnessed.stamp is not None:
                _append(self._stamps, f"{_digest(witnessed.note)} {witnessed.stamp}\n")
        except OSError as fault:
            raise Unwitnessed(f"{self._path}: {fault.strerror}") from None

    def read(self) -> list[Witnessed]:
        """Return all that are there; raises `BadNote`, `OSError`."""
        stamps = self._read_stamps()
        return [Witnessed(one, stamps.get(_digest(one))) for one in notes_in(self._text())]

    def _text(self) -> str:
        return self._path.read_text("utf-8", "replace") if self._path.exists() else ""

    def _read_stamps(self) -> dict[str, bytes]:
        if not self._stamps.exists():
            return {}
        try:
            lines = [line.split() for line in self._stamps.read_text("ascii").splitlines()]
            return {digest: b64decode(stamp, validate=True) for digest, stamp in lines}
        except ValueError:
            raise BadNote(f"{self._stamps}: it does not hold time stamps") from None


def _append(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    with open(descriptor, "a", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _digest(note: str) -> str:
    return sha256(note.encode()).hexdigest()
