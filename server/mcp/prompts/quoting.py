"""What a person has typed, as it stands in a prompt: in quotes, on one line, without what nobody sees."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from domain.values import clean_text

LONGEST = 500
"""Characters of an argument."""

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What chooses how a character looks, and letters without a picture. In names they have their use; in rows, they
carry a text that a model reads and no person sees."""


def cleaned(name: str, text: str) -> str:
    """Return what was typed, on one line; raises `domain.errors.TextTooLong`."""
    seen = _UNSEEN.sub("", clean_text(name, text, limit=LONGEST))
    return " ".join(seen.split())


def quoted(text: str) -> str:
    """Return a text in quotes that nothing in it can close."""
    return json.dumps(text, ensure_ascii=False)


def told(arguments: Mapping[str, str], **names: str) -> str:
    """Return a line for each of the arguments that were filled in, by the name that it goes by."""
    given = ((words, arguments.get(name)) for name, words in names.items())
    return "\n".join(f"{words}: {quoted(text)}" for words, text in given if text)
