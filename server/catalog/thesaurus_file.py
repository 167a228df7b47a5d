"""The thesaurus that search goes by: an administrator's file, read again when it changes, or the one
that comes with Doorward. A file that has become bad leaves the last good one in place, and the log
says so."""

from __future__ import annotations

import logging
from pathlib import Path

from projections.catalog.search.thesaurus import (
    BadThesaurus,
    Thesaurus,
    parse_thesaurus,
    shipped_thesaurus,
)

Mark = tuple[int, int]
MOST_BYTES = 4 * 1024 * 1024

_log = logging.getLogger(__name__)


class ThesaurusFile:
    """The thesaurus of a file; of none, the shipped one."""

    def __init__(self, path: Path | None) -> None:
        """Raises `BadThesaurus`, or `OSError`, where the file is not good from the start."""
        self._path = path
        self._mark: Mark | None = None
        self._thesaurus = shipped_thesaurus() if path is None else self._read(path)

    def __call__(self) -> Thesaurus:
        """Return the thesaurus as the file stands now."""
        if self._path is not None and self._marked(self._path) != self._mark:
            try:
                self._thesaurus = self._read(self._path)
            except (BadThesaurus, OSError) as fault:
                _log.warning("the thesaurus stays as it was: %s: %s", self._path, fault)
        return self._thesaurus

    def _read(self, path: Path) -> Thesaurus:
        self._mark = self._marked(path)
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadThesaurus(f"it has more than {MOST_BYTES:,} bytes")
        try:
            return parse_thesaurus(content.decode())
        except UnicodeDecodeError:
            raise BadThesaurus("it is not UTF-8") from None

    @staticmethod
    def _marked(path: Path) -> Mark | None:
        """Return what tells one state of a file from another; None where there is none."""
        try:
            found = path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
