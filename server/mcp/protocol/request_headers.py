"""The headers of a request that this server looks at, read in one pass."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

AUTHORIZATION, HOST, ORIGIN = b"authorization", b"host", b"origin"
ACCEPT, CONTENT_TYPE, CONTENT_LENGTH = b"accept", b"content-type", b"content-length"
VERSION, METHOD, NAME = b"mcp-protocol-version", b"mcp-method", b"mcp-name"
_READ = frozenset(
    {AUTHORIZATION, HOST, ORIGIN, ACCEPT, CONTENT_TYPE, CONTENT_LENGTH, VERSION, METHOD, NAME}
)
JSON, EVENTS = "application/json", "text/event-stream"
_ENCODED, _END = "=?base64?", "?="


class RequestHeaders:
    """Values by name, the first where a name came more than once; `repeated` says that one did."""

    __slots__ = ("_values", "repeated")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[bytes, str] = {}
        self.repeated = False
        for name, value in raw:
            if name in _READ:
                if name in self._values:
                    self.repeated = True
                else:
                    self._values[name] = value.decode("latin-1")

    def get(self, name: bytes) -> str | None:
        """Return the value of a header, None where it was not sent."""
        return self._values.get(name)

    @property
    def takes_json(self) -> bool:
        """Say whether the client takes JSON for an answer (RFC 9110 §12.5.1)."""
        accept = self._values.get(ACCEPT, "")
        if accept.startswith(JSON + ","):
            return True
        kinds = {one.strip().split(";")[0].strip().lower() for one in accept.split(",")}
        return not kinds.isdisjoint({"*/*", JSON, "application/*"})

    @property
    def takes_events(self) -> bool:
        """Say whether the client takes a stream of events for an answer."""
        kinds = {
            one.split(";")[0].strip().lower() for one in self._values.get(ACCEPT, "").split(",")
        }
        return not kinds.isdisjoint({"*/*", EVENTS, "text/*"})


def decoded(value: str | None) -> str | None:
    """Return a header's value as it was before a client encoded it for the way; None for one that is
    badly encoded, so that it equals nothing."""
    if value is None or not value.startswith(_ENCODED) or not value.endswith(_END):
        return value
    payload = value[len(_ENCODED) : -len(_END)]
    try:
        content = base64.b64decode(payload, validate=True)
        # Only one way of writing it counts, so that two readers never read two things.
        if base64.b64encode(content).decode() != payload:
            return None
        return content.decode()
    except (binascii.Error, UnicodeError):
        return None
