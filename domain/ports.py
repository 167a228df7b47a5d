"""What the rules and the shell need from outside, as protocols: a log of events with its rows, a
publisher, a clock, ids. Adapters implement them; the store is synchronous, and the server decides on which
thread it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.bulk import Bulk
from domain.chain import Link
from domain.envelope import Envelope, Recorded
from domain.history import History
from domain.postings import Postings
from domain.trace_context import Traceparent
from domain.values import PersonId, StreamId, Via

Value = str | int | float | bytes | None
"""What a column holds. Times are ISO 8601 text in UTC, so that they sort; booleans are 0 and 1."""

Row = tuple[Value, ...]
Clock = Callable[[], datetime]
NewId = Callable[[], str]
"""Returns a new UUID of version 7 (RFC 9562 §5.7) in its text form."""


class Unavailable(Exception):  # noqa: N818 - says what is, as the refusals do
    """The store cannot be reached or cannot write now; nothing of this attempt may be assumed."""


class StreamMoved(Exception):  # noqa: N818 - says what is, as the refusals do
    """Another writer appended this version of the stream first."""


class RowConflict(Exception):  # noqa: N818 - says what is, as the refusals do
    """A statement broke a constraint of a table, such as a key that is already taken."""


class Rows(Protocol):
    """SQL over the store's tables, with ``?`` for parameters; one dialect that both databases
    speak: TEXT, BIGINT and no vendor functions. A literal ``?`` or ``%`` may not stand in it."""

    def execute(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Run a statement; return the number of rows it touched. Raises `RowConflict`."""

    def execute_many(self, sql: str, params: Sequence[Sequence[Value]]) -> None:
        """Run a statement once for each set of parameters, at the latest before something reads the table or
        the savepoint or transaction ends: `RowConflict` is raised then."""

    def select(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run a query; return all its rows."""

    @property
    def postings(self) -> Postings:
        """The inverted index beside the tables."""

    @property
    def bulk(self) -> Bulk:
        """The tables as a whole."""


class Transaction(Protocol):
    """One write transaction: the log's lock is held, nothing is visible before it commits."""

    @property
    def rows(self) -> Rows:
        """The tables, inside this transaction."""

    @property
    def head(self) -> int:
        """Position of the newest event, this transaction's own included; 0 if none."""

    @property
    def touched(self) -> int:
        """A number that grows with every statement that may change something."""

    @property
    def forgotten(self) -> int:
        """A number that has grown with every person who was forgotten before, by whatever process."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo everything done inside if the block raises, and let the exception pass."""

    def load(self, stream: StreamId) -> Sequence[Recorded]:
        """Return the stream's events in order; empty if there is none."""

    def append(self, envelopes: Sequence[Envelope]) -> Sequence[Recorded]:
        """Insert the events at the next positions, at the latest before the savepoint or transaction ends:
        `StreamMoved` is raised then if a version is taken."""

    def settle(self) -> None:
        """Do now what may come late; raises `StreamMoved` and `RowConflict`."""

    def streams_after(self, position: int) -> set[StreamId]:
        """Return the streams that have an event after `position`."""

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        """Return up to `limit` events after `position`, this transaction's own included."""

    def forget(self, person: PersonId) -> None:
        """Destroy the key that seals text about this person, for ever: it reads as `REDACTED`."""

    def rewrap_keys(self) -> int:
        """Wrap every person's key by the newest master key; return how many another one wrapped."""


class EventLog(Protocol):
    """The log read in commit order. Positions are dense: a reader that has seen p has missed
    nothing below it."""

    def head(self) -> int:
        """Return the position of the newest committed event; 0 if none."""

    def events_after(self, position: int, limit: int) -> Sequence[Recorded]:
        """Return up to `limit` committed events after `position`, in order."""


class EventStore(EventLog, Protocol):
    """The log and the tables beside it, in one database."""

    def stream(self, stream: StreamId) -> Sequence[Recorded]:
        """Return the committed events of one stream, in order; empty if there is none."""

    def links_after(self, position: int, limit: int) -> Sequence[Link]:
        """Return up to `limit` committed events after `position` as they are stored, in order."""

    def chain_head(self) -> tuple[int, bytes]:
        """Return where the log says that it ends: position and hash."""

    @property
    def history(self) -> History:
        """The log as it stood at past positions."""

    def create(self, statements: Sequence[str]) -> None:
        """Create the log's own tables and run these ``CREATE ... IF NOT EXISTS`` statements."""

    def write(self) -> AbstractContextManager[Transaction]:
        """Open the one write transaction; commits on leaving, rolls back if the block raises. Raises
        `Unavailable` if the database fails, at any point including the commit."""

    def read(self) -> AbstractContextManager[Rows]:
        """Open a consistent read of all tables; never waits for a writer."""

    def open_text(self, person: PersonId, sealed: str) -> str | None:
        """Return text of this person as the log has it sealed, None where it is gone. Raises
        `ValueError` if it is not what was sealed."""

    def scrub(self) -> None:
        """Let nothing of what was deleted remain on the disk; raises `Unavailable` if it cannot."""

    def close(self) -> None:
        """Release every connection."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs client ids: its id, when it was made, and the secret (32 bytes)."""

    key_id: str
    created_at: datetime
    secret: bytes = field(repr=False)


class SigningKeys(Protocol):
    """The keys, the newest first. The first signs; all verify, until they are dropped."""

    def ring(self) -> Sequence[SigningKey]:
        """Return the present keys, at least one; raises `Unavailable`."""

    def rotate(self) -> SigningKey:
        """Add a new first key and return it."""

    def drop(self, key_id: str) -> bool:
        """Forget a key that is not the first; False if there is none such."""


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """A document from the open internet, and for how many seconds it may be kept."""

    body: bytes
    cache_seconds: int


class DocumentUnavailable(Exception):  # noqa: N818 - says what is
    """The document cannot be had; the message says why, in words that may be shown to anybody."""


class DocumentFetcher(Protocol):
    """Fetches small JSON documents from URLs that strangers choose."""

    async def fetch(self, url: str) -> FetchedDocument:
        """Return the document; raises `DocumentUnavailable`."""


class PublisherState(StrEnum):
    """What a publisher is doing: a halted one waits for a person, one elsewhere is another process's."""

    DISCONNECTED = "disconnected"
    FOLLOWING = "following"
    HALTED = "halted"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class PublisherStatus:
    """How far it has published, why it does not go on if so, and how streams differ from ours."""

    state: PublisherState
    position: int = 0
    sequence: int = 0
    reason: str = ""
    drift: tuple[str, ...] = ()


class Publisher(Protocol):
    """Carries the log's events out of the system, each once and in order."""

    async def run(self, fence: Callable[[Rows], None] = lambda _rows: None) -> None:
        """Publish until cancelled, or until the fence raises."""

    def wake(self) -> None:
        """Say, from any thread, that the log has grown."""

    def status(self) -> PublisherStatus:
        """Return where it stands in this process."""

    def observed(self) -> PublisherStatus:
        """Return where publishing stands, whichever process does it; blocking."""

    def resume(self, *, replay: bool) -> None:
        """Go on after any process's halt, with all events or those never published; blocking."""


READ_ELSEWHERE = "by another process"  # no fault: it is not this one's turn


@dataclass(frozen=True, slots=True)
class CommandReaderStatus:
    """Whether a reader of commands is connected, why not, and what it has answered and set aside."""

    connected: bool = False
    answered: int = 0
    set_aside: int = 0
    reason: str = READ_ELSEWHERE


class CommandReader(Protocol):
    """Brings the commands of integrations in from outside, and their outcomes back."""

    async def run(self) -> None:
        """Answer until cancelled."""

    def integrations_changed(self) -> None:
        """Say, from any thread, that integrations have come or gone."""

    def status(self) -> CommandReaderStatus:
        """Return how it stands now."""


@dataclass(frozen=True, slots=True)
class InboundCommand:
    """A command of an integration as it arrived, unread. `principal` is the integration that the transport
    vouches for (the subject token that the NATS server enforces, the owner of the signing secret); `kind`
    is ``decide`` or ``fulfil``; `app` (as a token of a subject) and `request_id` are empty where the
    transport names none; `body` is JSON: plain, as a CloudEvents 1.0 envelope, or signed."""

    via: Via
    principal: str
    kind: str
    app: str
    request_id: str
    body: bytes
    traceparent: Traceparent | None = None


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What became of a command: `code` is ``accepted`` or a refusal's, `sentence` says what to do next,
    `replayed` that it had been answered before, `version` is that of the request's stream after it."""

    command_id: str
    request_id: str
    accepted: bool
    code: str
    sentence: str = ""
    version: int | None = None
    replayed: bool = False


class Poison(Exception):  # noqa: N818 - says what it is
    """A command that cannot even be read; the message says why. It is set aside as a dead letter."""


AnswerCommand = Callable[[InboundCommand], Awaitable[CommandOutcome]]
"""Takes one command to its durable outcome. Raises `Poison`, or `Unavailable` (try again later)."""
