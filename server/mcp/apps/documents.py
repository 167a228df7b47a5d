"""The apps' documents, joined from the files beside this one: markup, styles and scripts in one page that
loads nothing. A policy in the page itself names its one script and its one style by their hashes, so that
nothing else runs in it and nothing is fetched, whatever policy a host applies."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from server.mcp.app_links import CATALOG_PICKER, STATUS_CARD

_FILES = Path(__file__).parent
_TITLES = {STATUS_CARD: "Access requests", CATALOG_PICKER: "What you may request"}
_STYLES = {
    STATUS_CARD: ("look.css", "status_card.css"),
    CATALOG_PICKER: ("look.css", "catalog_picker.css"),
}
_SHARED = ("host.js", "drawing.js", "standing.js")
_SCRIPTS = {
    STATUS_CARD: (*_SHARED, "request_card.js", "status_card.js"),
    CATALOG_PICKER: (*_SHARED, "app_form.js", "catalog_picker.js"),
}
_POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; "
    "base-uri 'none'; form-action 'none'"
)


def document(uri: str, tools: Sequence[str], version: str) -> str:
    """Return an app as it is for somebody who has these tools."""
    filled = _joined(uri).replace("{{tools}}", html.escape(" ".join(tools)))
    return filled.replace("{{version}}", html.escape(version))


@cache
def _joined(uri: str) -> str:
    """Return the page with all but what depends on its reader."""
    style = _compact_style(_text(_STYLES[uri]))
    script = _compact_script(_text(_SCRIPTS[uri]))
    page = {
        "policy": _POLICY.format(script=_hash(script), style=_hash(style)),
        "title": _TITLES[uri],
        "style": style,
        "script": script,
    }
    joined = _text(("page.html",))
    for name, part in page.items():
        joined = joined.replace(f"{{{{{name}}}}}", part)
    return joined


def _text(names: Sequence[str]) -> str:
    return "\n".join((_FILES / name).read_text(encoding="utf-8") for name in names)


def _compact_script(text: str) -> str:
    """Return a script without indentation and comments, which are for those who read its files."""
    lines = (line.strip() for line in text.splitlines())
    kept = (
        line for line in lines if line and not line.startswith("//") and line != '"use strict";'
    )
    return '"use strict";\n' + "\n".join(kept)


def _compact_style(text: str) -> str:
    """Return a style without comments and spaces that say nothing."""
    without = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r":\s+", ":", without)).strip()


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
