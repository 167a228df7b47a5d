"""What a person has typed, as it stands in a prompt: in quotes, on one line, without what nobody sees."""

from __future__ import annotations

import json
from collections.abc import Mapping

from domain.values import clean_text

LONGEST = 500
"""Characters of an argument."""


def cleaned(name: str, text: str) -> str:
    """Return what was typed, on one line; raises `domain.errors.TextTooLong`."""
    return " ".join(clean_text(name, text, limit=LONGEST).split())


def quoted(text: str) -> str:
    """Return a text in quotes that nothing in it can close."""
    return json.dumps(text, ensure_ascii=False)


def told(arguments: Mapping[str, str], **names: str) -> str:
    """Return a line for each of the arguments that were filled in, by the name that it goes by."""
    given = ((words, arguments.get(name)) for name, words in names.items())
    return "\n".join(f"{words}: {quoted(text)}" for words, text in given if text)
