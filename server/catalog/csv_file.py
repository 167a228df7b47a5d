"""A catalog as a spreadsheet writes it: a line of column names, then a line for each permission, with
its app beside it. What belongs to the app stands in the first line that names it, and need not stand
in the others; a line without a permission describes an app alone. Lists are parted by semicolons."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from domain.policy import Policy
from domain.values import AppId, PermissionId
from server.catalog.entries import (
    AppEntry,
    BadCatalog,
    PermissionEntry,
    app_of,
    checked,
    permission_of,
    refuse,
)
from server.catalog.source import Placed, PlacedApp, PlacedPermission

APP_COLUMNS = (
    "app_name",
    "app_description",
    "app_categories",
    "app_audience",
    "app_owner",
    "app_instructions",
    "app_logo_url",
    "app_website_url",
    "app_policy",
)
PERMISSION_COLUMNS = ("permission_id", "label", "description", "kind", "policy")
COLUMNS = ("app_id", *APP_COLUMNS, *PERMISSION_COLUMNS, "source")
MOST_FIELD = 64 * 1024
Line = Mapping[str, str]


class CsvFile:
    """A catalog in CSV; a `Source`. It is read anew for each pass."""

    skipped = 0

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.policies: Mapping[str, Policy] = {}

    def each_app(self) -> Iterator[PlacedApp]:
        """Yield the apps."""
        first: dict[str, Line] = {}
        for where, line in self._lines():
            app_id = line["app_id"]
            if app_id not in first:
                first[app_id] = {name: line[name] for name in APP_COLUMNS}
                entry = _app_entry(app_id, line)
                yield Placed(where, AppId(app_id), checked(where, app_id, entry, app_of))
                continue
            for name in APP_COLUMNS:
                if line[name] not in ("", first[app_id][name]):
                    refuse(where, app_id, name, "another line says otherwise of this app")

    def each_permission(self) -> Iterator[PlacedPermission]:
        """Yield the permissions."""
        for where, line in self._lines():
            if line["permission_id"]:
                entry = _permission_entry(line)
                record = checked(where, entry.id, entry, permission_of)
                yield Placed(where, PermissionId(entry.id), record)
            elif any(line[name] for name in PERMISSION_COLUMNS):
                refuse(where, line["app_id"], "permission_id", "it is empty beside other fields")

    def _lines(self) -> Iterator[tuple[str, Line]]:
        csv.field_size_limit(MOST_FIELD)
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, "utf-8-sig", newline="")
        try:
            lines = csv.DictReader(text, strict=True)
            _check_columns(lines.fieldnames or ())
            for line in lines:
                where = f"line {lines.line_num}"
                if None in line or None in line.values():
                    raise BadCatalog(f"{where}: it has more or fewer fields than the first")
                yield where, {**_BLANK, **{name: one.strip() for name, one in line.items()}}
        except UnicodeDecodeError:
            raise BadCatalog("it is not UTF-8") from None
        except csv.Error as fault:
            raise BadCatalog(f"not a CSV file: {fault}") from None
        finally:
            with contextlib.suppress(ValueError):
                # The file may be closed by now; else it is left open for the next pass.
                text.detach()


_BLANK = dict.fromkeys(COLUMNS, "")


def _check_columns(names: object) -> None:
    given = list(names) if isinstance(names, list | tuple) else []
    for name in given:
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise BadCatalog(f"there is no column {name[:60]!r}; there are: {known}")
    if "app_id" not in given:
        raise BadCatalog("the column app_id is missing; the first line names the columns")


def _app_entry(app_id: str, line: Line) -> AppEntry:
    return AppEntry(
        id=app_id,
        name=line["app_name"],
        description=line["app_description"],
        categories=[one.strip() for one in line["app_categories"].split(";") if one.strip()],
        audience=line["app_audience"] or "everyone",
        owner=line["app_owner"],
        instructions=line["app_instructions"],
        logo_url=line["app_logo_url"] or None,
        website_url=line["app_website_url"] or None,
        policy=line["app_policy"],
        source=line["source"],
    )


def _permission_entry(line: Line) -> PermissionEntry:
    return PermissionEntry(
        id=line["permission_id"],
        app_id=line["app_id"],
        label=line["label"],
        description=line["description"],
        kind=line["kind"] or "role",
        policy=line["policy"],
        source=line["source"],
    )
