"""The small values every aggregate speaks in: ids, the actor of an event, text that belongs to a
person. They are checked when built, so that a decider never meets a malformed one. Nothing here
knows how a value is stored, shown or fetched."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import FrozenInstanceError, dataclass
from enum import StrEnum
from typing import NewType, NoReturn

from domain.errors import MalformedText, TextTooLong

PersonId = NewType("PersonId", str)
RequestId = NewType("RequestId", str)
AppId = NewType("AppId", str)
PermissionId = NewType("PermissionId", str)
ClientId = NewType("ClientId", str)
ConsentId = NewType("ConsentId", str)
FamilyId = NewType("FamilyId", str)
StreamId = NewType("StreamId", str)
"""``<category>-<aggregate id>``; unique over the whole log, never reused."""

Scopes = tuple[str, ...]
"""OAuth scope tokens (RFC 6749 §3.3), sorted and without repeats."""

REDACTED = "[forgotten]"
"""Stands for the text of a person who was forgotten."""

_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


class Via(StrEnum):
    """The door an action came through."""

    MCP = "mcp"
    WEB = "web"
    NATS = "nats"
    HTTP = "http"
    CLI = "cli"
    SCIM = "scim"
    TIMER = "timer"
    SYSTEM = "system"


class Personal:
    """Text about a person. `subject` names whose key encrypts it in the log; `sealed` is the form it has
    there, where it came from there, and no part of what it is. Once the person is forgotten, the text is
    `REDACTED`.

    No dataclass, so that a codec cannot write it unseen as the plain record that it looks like.
    """

    __slots__ = ("sealed", "subject", "text")
    __match_args__ = ("subject", "text")

    subject: PersonId
    text: str
    sealed: str | None

    def __init__(self, subject: PersonId, text: str, sealed: str | None = None) -> None:
        put = object.__setattr__
        put(self, "subject", subject)
        put(self, "text", text)
        put(self, "sealed", sealed)

    def __setattr__(self, name: str, _value: object) -> NoReturn:
        raise FrozenInstanceError(name)

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Personal):
            return NotImplemented
        return self.subject == other.subject and self.text == other.text

    def __hash__(self) -> int:
        return hash((self.subject, self.text))

    def __repr__(self) -> str:
        return f"Personal(subject={self.subject!r}, text={self.text!r})"


@dataclass(frozen=True, slots=True)
class Client:
    """The OAuth client that acted: its registered id and the name it was approved under."""

    client_id: ClientId
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an event: the person, the client acting for him, and under which consent.

    `subject` is None where no person stands behind the action (a timer, the system itself).
    `service` names the integration or directory that acted, as its transport vouches for it.
    """

    via: Via
    subject: PersonId | None = None
    client: Client | None = None
    authorization: ConsentId | None = None
    service: str | None = None


SYSTEM = Actor(via=Via.SYSTEM)


def clean_text(field: str, text: str, *, limit: int) -> str:
    """Return `text` in NFC without control, bidirectional and zero-width characters.

    Tabs and line feeds survive. Raises `TextTooLong` above `limit` characters, counted before
    cleaning, so that padding with invisible characters does not slip through.
    """
    if len(text) > limit:
        raise TextTooLong(field, limit)
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()


def identifier(field: str, text: str, *, limit: int = 200) -> str:
    """Return `text` unchanged if it can name something in a stream id, else `MalformedText`.

    Printable ASCII without blanks, 1 to `limit` characters: it must survive as a SQL key, a URL
    segment and a stream id without escaping surprises.
    """
    if not re.fullmatch(rf"[!-~]{{1,{limit}}}", text):
        raise MalformedText(field)
    return text


def stream_id(category: str, aggregate_id: str) -> StreamId:
    """Return the stream that holds one aggregate's events."""
    return StreamId(f"{category}-{aggregate_id}")
