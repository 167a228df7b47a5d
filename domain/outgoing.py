"""What goes out of the system beside NATS, as ports: HTTP calls to webhooks, and mail. A sender makes
one attempt and says what came of it; when to try again is the server's to decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.envelope import Recorded
from domain.errors import MalformedText
from domain.events import Event
from domain.values import clean_text

SUBJECT_LIMIT = 250
MAIL_TEXT_LIMIT = 100_000
REFERENCES_LIMIT = 20
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_MESSAGE_ID = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")

EventBodies = Callable[[Recorded], bytes]
"""Returns the public form of an event (CloudEvents 1.0 JSON), as NATS gets it but for text about people,
which may be open."""

EventApps = Callable[[Event], str]
"""Returns the id of the app that an event is about; empty where there is none."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One HTTP POST."""

    url: str = field(repr=False)
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What a receiver answered: the status, and ``Retry-After`` as it stood there."""

    status: int
    retry_after: str | None = None


class WebhookUnreachable(Exception):  # noqa: N818 - says what is
    """No answer came, or none was asked for; the message says why and names no secret."""


class WebhookSender(Protocol):
    """Makes one call, with bounds on time and size; follows no redirect."""

    async def send(self, call: WebhookCall) -> WebhookAnswer:
        """Return the answer, whatever its status; raises `WebhookUnreachable`."""


def is_mail_address(text: str) -> bool:
    """Say whether mail can be sent to this address: local part of plain atoms (RFC 5321 §4.1.2), a
    host name in ASCII, nothing quoted, no comment and no display name."""
    local, _, host = text.rpartition("@")
    return len(local) <= 64 and len(host) <= 253 and bool(_ADDRESS.fullmatch(text))  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person. `message_id` (``left@right``, without angle brackets) names it for ever:
    the same id is the same mail; `references` are the ids that it answers (RFC 5322 §3.6.4).

    Raises `MalformedText` for an address or id that is none. Subject and texts are cleaned, and a
    subject is one line, so that what people write never becomes a header.
    """

    to: str
    subject: str
    text: str
    message_id: str
    html: str | None = None
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not is_mail_address(self.to):
            raise MalformedText("to")
        if not all(map(_MESSAGE_ID.fullmatch, (self.message_id, *self.references))):
            raise MalformedText("message_id")
        subject = _cleaned(" ".join(self.subject.split()), SUBJECT_LIMIT)
        object.__setattr__(self, "subject", " ".join(subject.split()))
        object.__setattr__(self, "text", _cleaned(self.text, MAIL_TEXT_LIMIT))
        if self.html is not None:
            object.__setattr__(self, "html", _cleaned(self.html, MAIL_TEXT_LIMIT))
        object.__setattr__(self, "references", self.references[-REFERENCES_LIMIT:])


def _cleaned(text: str, limit: int) -> str:
    return clean_text("text", text[:limit], limit=limit)


class MailRefused(Exception):  # noqa: N818 - says what happened
    """The mail server will never take this mail; the message says why."""


class MailUnavailable(Exception):  # noqa: N818 - says what is
    """The mail could not be handed over now; another attempt may succeed."""


class Mailer(Protocol):
    """Hands one mail to a mail server."""

    async def send(self, message: Mail) -> None:
        """Return once the server has taken it; raises `MailRefused` or `MailUnavailable`."""
