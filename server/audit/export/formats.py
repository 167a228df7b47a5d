"""The formats of an export, the names of files that tell them, and what writes each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import BinaryIO, assert_never

from server.audit.export import csv_file, ocsf, parquet
from server.audit.export.jsonl import write_lines
from server.audit.export.public_form import Openings, Origin, PublicEvent
from server.audit.export.table import row


class Format(StrEnum):
    """How events are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    OCSF = "ocsf"


ENDINGS = {
    ".ocsf": Format.OCSF,
    ".ocsf.json": Format.OCSF,
    ".ocsf.jsonl": Format.OCSF,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".parquet": Format.PARQUET,
}
"""What the names of files end with, the longer of two first."""


def format_of(name: str) -> Format | None:
    """Return the format that a file's name tells, None if it tells none."""
    lowered = name.lower()
    return next((one for ending, one in ENDINGS.items() if lowered.endswith(ending)), None)


def write(file: BinaryIO, wanted: Format, events: Iterable[PublicEvent], origin: Origin) -> int:
    """Write events in a format; return how many there were. Raises `MissingLibrary`."""
    match wanted:
        case Format.JSONL:
            return write_lines(file, (one.body for one in events))
        case Format.CSV:
            return csv_file.write(file, map(row, events))
        case Format.PARQUET:
            return parquet.write(file, map(row, events))
        case Format.OCSF:
            openings = Openings(origin)
            return write_lines(file, (ocsf.line(one, openings) for one in events))
        case _ as never:
            assert_never(never)
