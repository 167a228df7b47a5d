"""The table as CSV (RFC 4180) in UTF-8, with a line of column names; what is absent is an empty cell.

Spreadsheets take a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return for a formula
and run it, quoted or not (CSV injection). People choose names and ids that end up here, so such a cell gets
an apostrophe in front, which makes a spreadsheet show it as text. A program that reads the file back takes
names from `data` instead: JSON begins with a brace, so that column is never changed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from server.audit.export.table import COLUMNS, Row

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write(file: BinaryIO, rows: Iterable[Row]) -> int:
    """Write the table; return how many rows there were."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        lines = csv.writer(text)
        lines.writerow(COLUMNS)
        count = 0
        for one in rows:
            lines.writerow(map(_cell, one))
            count += 1
    finally:
        # The file is the caller's to close.
        text.detach()
    return count


def _cell(value: int | str | datetime | None) -> int | str | None:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
