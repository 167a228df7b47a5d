"""Which kinds of files a catalog comes in, and how each is opened. Our own, JSON and CSV, are read record
by record from where they lie; a vendor's, which holds what one organisation has, is read whole."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from domain.catalog import EVERYONE
from server.catalog.csv_file import CsvFile
from server.catalog.entries import BadCatalog
from server.catalog.file import CatalogFile
from server.catalog.github_teams import parse_github
from server.catalog.identity_center import parse_identity_center
from server.catalog.okta import parse_okta
from server.catalog.source import Catalog, Source

MOST_VENDOR_BYTES = 512 * 1024 * 1024


class Format(StrEnum):
    """A kind of file. AUTO: CSV where the name ends so, else our JSON."""

    AUTO = "auto"
    JSON = "json"
    CSV = "csv"
    OKTA = "okta"
    IDENTITY_CENTER = "aws-identity-center"
    GITHUB = "github"


VENDORS: Mapping[Format, Callable[[bytes, str, str], Catalog]] = {
    Format.OKTA: parse_okta,
    Format.IDENTITY_CENTER: parse_identity_center,
    Format.GITHUB: parse_github,
}


@dataclass(frozen=True, slots=True)
class CatalogPath:
    """A file, its kind, and for a vendor's the audience and the policy of what it holds."""

    path: Path
    format: Format = Format.AUTO
    audience: str = EVERYONE
    policy: str = ""


@contextmanager
def opened(asked: CatalogPath) -> Iterator[Source]:
    """Open a file until the block is left; raises `BadCatalog`, or `OSError`."""
    vendor = VENDORS.get(asked.format)
    if vendor is not None:
        if asked.path.stat().st_size > MOST_VENDOR_BYTES:
            raise BadCatalog(f"it has more than {MOST_VENDOR_BYTES:,} bytes")
        yield vendor(asked.path.read_bytes(), asked.audience, asked.policy)
        return
    if (asked.audience, asked.policy) != (EVERYONE, ""):
        raise BadCatalog("its records say themselves whose they are, and under which policy")
    if asked.format is Format.CSV or (
        asked.format is Format.AUTO and asked.path.suffix.lower() == ".csv"
    ):
        with asked.path.open("rb"):
            yield CsvFile(asked.path)
        return
    with asked.path.open("rb") as file:
        if not file.seek(0, 2):
            raise BadCatalog("not a catalog file: it is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield CatalogFile(content)
