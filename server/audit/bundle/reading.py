"""A bundle as whoever verifies it finds it: a stranger's file, read strictly and in bounds."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from domain.chain import Link
from domain.checkpoint import Witnessed
from server.audit.bundle.writing import CHECKPOINTS, EVENTS, FORMAT, MANIFEST
from server.bad_file import BadFile

LINE_LIMIT = 4 * 1024 * 1024
SMALL_LIMIT = 64 * 1024 * 1024
BATCH, BATCH_BYTES = 5_000, 16 * 1024 * 1024


class BadBundle(BadFile):
    """The file is no bundle; the message says where it is not."""


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    position: int
    stream: str
    version: int
    topic: str
    state: str
    hash: str


class _Checkpoint(msgspec.Struct, forbid_unknown_fields=True):
    note: str
    timestamp: str | None


_checkpoint_decoder = msgspec.json.Decoder(_Checkpoint)


class _Manifest(msgspec.Struct):
    format: int
    tenant: str
    events: int
    head: str


_manifest_decoder = msgspec.json.Decoder(_Manifest)


_event = msgspec.json.Decoder(_Event)


@dataclass(frozen=True, slots=True)
class Bundle:
    """An open bundle: whose log it is, where it says that this ends, and its checkpoints."""

    tenant: str
    events: int
    head: str
    checkpoints: tuple[Witnessed, ...]
    _archive: zipfile.ZipFile

    def links(self) -> Iterator[Sequence[Link]]:
        """Yield the events as they were stored, in batches; raises `BadBundle`."""
        with self._archive.open(EVENTS) as member:
            batch, size = list[Link](), 0
            for number, line in enumerate(_lines(member), start=1):
                batch.append(_link(line, number))
                size += len(line)
                if len(batch) == BATCH or size > BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
            yield batch


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open a bundle; raises `BadBundle` where it is none, also while it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest_decoder.decode(_small(archive, MANIFEST))
            if manifest.format != FORMAT:
                raise BadBundle(f"{path}: it is of format {manifest.format}, known is {FORMAT}")
            lines = _small(archive, CHECKPOINTS).splitlines()
            kept = tuple(_witnessed(line) for line in lines)
            yield Bundle(manifest.tenant, manifest.events, manifest.head, kept, archive)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError) as fault:
        raise BadBundle(f"{path}: it is no bundle: {fault}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RuntimeError) as fault:
        raise BadBundle(f"{path}: {fault}") from None


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > SMALL_LIMIT:
        raise BadBundle(f"{name} has more than {SMALL_LIMIT:,} bytes")
    return archive.read(name)


def _lines(member: IO[bytes]) -> Iterator[bytes]:
    while line := member.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT:
            raise BadBundle(f"{EVENTS}: a line has more than {LINE_LIMIT:,} bytes")
        yield line


def _link(line: bytes, number: int) -> Link:
    try:
        one = _event.decode(line)
        state, digest = one.state.encode(), bytes.fromhex(one.hash)
    except (msgspec.MsgspecError, ValueError) as fault:
        raise BadBundle(f"{EVENTS}, line {number:,}: {fault}") from None
    return one.position, one.stream, one.version, one.topic, state, digest


def _witnessed(line: bytes) -> Witnessed:
    one = _checkpoint_decoder.decode(line)
    try:
        return Witnessed.with_stamp(one.note, one.timestamp)
    except ValueError:
        raise BadBundle(f"{CHECKPOINTS}: a time stamp is not base64") from None
