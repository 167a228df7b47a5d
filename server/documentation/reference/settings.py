"""The settings, in the order in which the server knows them, with the words that the README has for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields

from server.config import PREFIX, SECRETS, Settings
from server.documentation.including import ROOT, section_of
from server.documentation.markdown import code, table

_ROW = re.compile(r"^\| (`DOORWARD_.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)


class Undescribed(Exception):  # noqa: N818 - says what is
    """A setting stands in no row of the README's table."""


def settings() -> str:
    """Return a table of all settings."""
    described = _described()
    rows = []
    for one in fields(Settings):
        name = PREFIX + one.name.upper()
        if name not in described:
            raise Undescribed(name)
        default, words = described[name]
        if one.name in SECRETS:
            words = f"{words}; or in a file that {code(f'{name}_FILE')} names"
        rows.append((code(name), default, words))
    return table(("setting", "default", "meaning"), rows)


def _described() -> Mapping[str, tuple[str, str]]:
    """Return default and meaning of each setting; a row may have several."""
    text = section_of("README.md", "Running it for real").text
    rows = _ROW.findall(text)
    assert rows, ROOT  # noqa: S101 - a README without its table is another README
    return {
        name: (default, words)
        for names, default, words in rows
        for name in re.findall(r"`(DOORWARD_\w+)`", names)
    }
