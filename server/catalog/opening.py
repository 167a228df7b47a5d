"""Which kinds of files a catalog comes in, and how each is opened. Our own, JSON and CSV, are read record
by record from where they lie; a vendor's, which holds what one organisation has, is read whole."""

from __future__ import annotations

import mmap
import shutil
import tempfile
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
    """Open a file until the block is left; raises `BadCatalog`, or `OSError`. It is read several
    times, so a copy is taken that nobody changes meanwhile."""
    vendor = VENDORS.get(asked.format)
    if vendor is None and (asked.audience, asked.policy) != (EVERYONE, ""):
        raise BadCatalog("its records say themselves whose they are, and under which policy")
    with tempfile.TemporaryFile() as copy, asked.path.open("rb") as file:
        shutil.copyfileobj(file, copy)
        size = copy.tell()
        copy.seek(0)
        if vendor is not None:
            if size > MOST_VENDOR_BYTES:
                raise BadCatalog(f"it has more than {MOST_VENDOR_BYTES:,} bytes")
            yield vendor(copy.read(), asked.audience, asked.policy)
        elif _is_csv(asked):
            yield CsvFile(copy)
        elif not size:
            raise BadCatalog("not a catalog file: it is empty")
        else:
            # Not closed by hand: the records that are not decoded yet still point into it.
            yield CatalogFile(mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ))


def _is_csv(asked: CatalogPath) -> bool:
    by_name = asked.format is Format.AUTO and asked.path.suffix.lower() == ".csv"
    return by_name or asked.format is Format.CSV
