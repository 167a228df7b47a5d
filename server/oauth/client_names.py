"""What a page may show of a name that a stranger chose (RFC 7591 §5): no character that hides, turns
or imitates, and a word of warning where a name claims what nobody vouches for."""

from __future__ import annotations

import re
import unicodedata

from domain.errors import Invalid
from domain.values import clean_text

LIMIT = 80
UNNAMED = "An unnamed client"
RESERVED = frozenset(
    ["admin", "administrator", "doorward", "official", "security", "support", "verified"]
)


# Blank or joining characters that are no controls: combining grapheme joiner, Hangul fillers, Khmer
# inherent vowels, variation selectors, the empty Braille cell.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f"
    "\U000e0100-\U000e01ef]"
)
_DOTLESS = str.maketrans({"\u0131": "i"})
_EAST_ASIAN = frozenset(["BOPOMOFO", "CJK", "HANGUL", "HIRAGANA", "IDEOGRAPHIC", "KATAKANA"])
"""Scripts that are written side by side, and beside Latin, and that no Latin letter is mistaken for
(UTS 39 §5.2, Highly Restrictive)."""


def clean_name(name: str) -> str:
    """Return a name as it is registered: compatibility forms made plain (NFKC), in one line, at most
    `LIMIT` characters, none of them invisible."""
    try:
        plain = clean_text("client_name", unicodedata.normalize("NFKC", name), limit=2_000)
    except Invalid:
        plain = clean_text("client_name", name[:LIMIT], limit=LIMIT)
    return " ".join(_BLANK.sub("", plain).split())[:LIMIT].strip() or UNNAMED


def shown_name(name: str) -> str:
    """Return a name as a page shows it: where scripts are mixed, as in a Latin word with a Cyrillic
    letter, what is not ASCII is written as an escape."""
    scripts = {_script(one) for one in name if one.isalpha()}
    if len(scripts) < 2 or scripts <= _EAST_ASIAN | {"LATIN"}:  # noqa: PLR2004 - one script
        return name
    return name.encode("ascii", "backslashreplace").decode()


def claims_too_much(name: str) -> bool:
    """Say whether a name holds a word that only the organisation may use."""
    marked = unicodedata.normalize("NFKD", clean_name(name)).casefold().translate(_DOTLESS)
    letters = "".join(one for one in marked if not unicodedata.combining(one))
    words = re.split(r"[^a-z0-9]+", letters)
    return not RESERVED.isdisjoint(words)


def shown_host(host: str) -> str:
    """Return a host name in ASCII, so that no letter passes for another (RFC 5891)."""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode()


def _script(letter: str) -> str:
    """Return the script of a letter by the first word of its name, which is that for all scripts
    that are mistaken for Latin."""
    return re.split("[ -]", unicodedata.name(letter, "UNKNOWN"), maxsplit=1)[0]
