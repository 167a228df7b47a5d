"""Every refusal: its code, its status over HTTP, what it means and what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

from domain.errors import Conflicting, Forbidden, Invalid, InvalidGrant, Missing, Refused
from server.documentation.including import ROOT
from server.documentation.markdown import code, table
from server.errors import STATUS

FAMILIES: dict[type[Refused], str] = {
    Invalid: "The input breaks a rule of form",
    Missing: "There is no such thing, or the caller may not know of it",
    Forbidden: "The rules do not allow it",
    Conflicting: "The world has moved on",
    InvalidGrant: "An OAuth grant is not, or no longer, good",
}
_DEFINES = re.compile(r"^class \w+\((?:Invalid|Missing|Forbidden|Conflicting)\)", re.MULTILINE)


def refusals() -> str:
    """Return all refusals by their families."""
    _load_all()
    parts = []
    for family, words in FAMILIES.items():
        found = {one.code: one for one in _leaves(family)}
        rows = [
            (code(name), _meaning(kind), _sentence(kind.template))
            for name, kind in sorted(found.items())
        ]
        heads = ("code", "meaning", "what it says")
        parts.append(f"## {words} ({STATUS[family]})\n\n{table(heads, rows)}")
    return "\n\n".join(parts)


def _load_all() -> None:
    """Load the modules beside `domain.errors` that define refusals of their own."""
    for file in sorted((*(ROOT / "domain").rglob("*.py"), *(ROOT / "server").rglob("*.py"))):
        if _DEFINES.search(file.read_text(encoding="utf-8")):
            import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def _leaves(kind: type[Refused]) -> Iterator[type[Refused]]:
    if "code" in vars(kind):
        yield kind
    for inner in kind.__subclasses__():
        yield from _leaves(inner)


def _meaning(kind: type[Refused]) -> str:
    return (kind.__doc__ or "").strip().split("\n\n")[0]


def _sentence(template: str) -> str:
    """Return the sentence with its fields in angle brackets."""
    return re.sub(r"{(\w+)[^}]*}", r"<i>\1</i>", template)
