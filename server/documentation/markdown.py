"""The few shapes of Markdown that generated parts are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar in a cell does not end it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def code(text: str) -> str:
    """Return a text as code in a line."""
    return f"`{text}`" if text else ""


def json_block(said: object, checks: str = "") -> str:
    """Return a value as a block of JSON, with a mark that says what it must fit."""
    mark = f"<!-- checks: {checks} -->\n" if checks else ""
    return f"{mark}```json\n{json.dumps(said, indent=2, ensure_ascii=False)}\n```"


def folded(title: str, text: str) -> str:
    """Return a text that is shown when its title is chosen."""
    inner = "\n".join(f"    {line}".rstrip() for line in text.splitlines())
    return f'??? note "{title}"\n\n{inner}'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
