"""Patterns of form fields. They are matched inside the transaction that everybody waits for, by an engine that tries one
way after the other; so a policy may have only those that are decided soon, whatever somebody answers. What makes
them slow is known from their text: a repeated group tries twice as many ways for each character more, and
each further repetition as many times more as the answer has characters."""

from __future__ import annotations

import re

MOST_STEPS = 200_000_000
"""Most ways to be tried, as the longest answer could have it: about a second."""
MOST_CHOICES = 12
"""Most places that may be there or not: each doubles the ways."""
_TOKEN = re.compile(
    r"""(?P<escape>\\.)
    | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    | (?P<look>\(\?(?:<?[=!]|P=|\())
    | (?P<group>\((?:\?(?:P<\w+>|[aiLmsux-]*:|[aiLmsux-]+\)))?)
    | (?P<end>\))
    | (?P<times>\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\}[?+]?)
    | (?P<repeat>[*+][?+]?)
    | (?P<maybe>\?[?+]?)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
NO_PATTERN = (re.error, OverflowError, RecursionError)
"""What compiling a text raises that is no regular expression, repeats too often or nests too deep."""


def fault_of(pattern: str, longest: int) -> str:
    """Return why a pattern may not be used for answers of so many characters; nothing if it may."""
    try:
        re.compile(pattern)
    except NO_PATTERN:
        return "is no regular expression"
    repeats = choices = 0
    before = ""
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup or ""
        if kind == "look" or (kind == "escape" and token[0][1] in "123456789"):
            return "looks around or back at what it has matched"
        varies = kind == "repeat" or (kind == "times" and _varies(token))
        if before == "end" and (varies or kind == "times"):
            return "repeats a group; repeat single characters"
        repeats += varies
        choices += kind in ("maybe", "group")
        before = kind
    if choices > MOST_CHOICES:
        return f"has more than {MOST_CHOICES} groups and optional parts"
    if longest ** (repeats + 1) > MOST_STEPS:
        return f"repeats too often for answers of {longest} characters; give a smaller maxLength"
    return ""


def _varies(token: re.Match[str]) -> bool:
    """Say whether this is another number of times than one: ``{3}`` is not, ``{2,5}`` and ``{2,}`` are."""
    return bool(token["comma"]) and token["least"] != token["most"]
