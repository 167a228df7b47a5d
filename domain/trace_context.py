"""Of which distributed trace something is a part: the W3C Trace Context `traceparent`. It comes from
strangers, so what is not exactly of its form is dropped, never passed on; `tracestate`, which may hold any
text, is not taken at all."""

from __future__ import annotations

import re
from typing import NewType

Traceparent = NewType("Traceparent", str)
"""``00-<trace id>-<parent id>-<flags>``: 55 characters, lower case."""
_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_LONGEST = 55
_KNOWN_FLAGS = 0b11


def traceparent(text: object) -> Traceparent | None:
    """Return what a stranger sent if it is of the form (W3C Trace Context 2, §3.2), else None. Flags that
    nobody has defined are cleared, as §3.2.2.5 asks of whoever passes it on."""
    if not isinstance(text, str) or len(text) != _LONGEST or not _FORM.fullmatch(text):
        return None
    flags = int(text[-2:], 16) & _KNOWN_FLAGS
    return Traceparent(f"{text[:-2]}{flags:02x}")


def trace_id(parent: Traceparent) -> str:
    """Return the id of the trace: 32 hexadecimal digits."""
    return parent[3:35]


def span_id(parent: Traceparent) -> str:
    """Return the id of the span that caused this: 16 hexadecimal digits."""
    return parent[36:52]


def sampled(parent: Traceparent) -> bool:
    """Say whether whoever caused this records its trace."""
    return bool(int(parent[-2:], 16) & 1)
