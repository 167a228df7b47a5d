"""The table as Apache Parquet, typed: numbers, UTC times to the microsecond, and texts. It needs the library of
the extra ``parquet``, which is imported only here and only for this format. Rows are written in groups, so that
memory holds one group at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, BinaryIO

from server.audit.export.table import COLUMNS, Row
from server.bad_file import BadFile

GROUP = 10_000
NEVER_ABSENT = frozenset(
    {"position", "time", "type", "stream", "version", "event_id", "correlation_id", "via", "data"}
)


class MissingLibrary(BadFile):
    """The library that writes the format is not installed; the message says how to install it."""


def write(file: BinaryIO, rows: Iterable[Row], group: int = GROUP) -> int:
    """Write the table in groups of rows; return how many rows there were. Raises `MissingLibrary`."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - of the extra
        from pyarrow import parquet  # noqa: PLC0415 - of the extra
    except ImportError:
        raise MissingLibrary("Parquet needs pyarrow: pip install 'doorward[parquet]'") from None
    schema, left, count = _schema(pa), iter(rows), 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(left, group)):
            columns = [
                pa.array(column, type=field.type)
                for column, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema), row_group_size=group)
            count += len(batch)
    return count


def _schema(pa: Any) -> Any:
    types = {
        "position": pa.int64(),
        "version": pa.int64(),
        "time": pa.timestamp("us", tz="UTC"),
    }
    return pa.schema(
        [
            pa.field(name, types.get(name, pa.string()), nullable=name not in NEVER_ABSENT)
            for name in COLUMNS
        ]
    )
