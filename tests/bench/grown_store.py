"""Stores with as many requests as one likes. A few requests of each kind go through the real bus in a store of
their own; their events, in the codec's own bytes, and their rows in every read model are then written again and
again with other ids, people, permissions and times, and each event linked to the one before. So a million
requests take minutes, and every row is one that the projections have made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain.access_request import Action, Decide, ReportFulfilment, Result, SubmitRequest, Verdict
from domain.catalog import AppRecord, PermissionRecord, PutApp, PutPermission
from domain.chain import Link, linked
from domain.consent import GiveConsent
from domain.person import PutPerson, Role
from domain.ports import EventStore, Row, Rows, Transaction, Value
from domain.token_family import OpenFamily, RedeemCode
from domain.values import (
    Actor,
    AppId,
    Client,
    ClientId,
    ConsentId,
    FamilyId,
    PermissionId,
    PersonId,
    RequestId,
    Via,
)
from server import follower, shapes
from server.command_bus import CommandBus, CommandContext, UnitOfWork
from server.follower import set_position
from server.handlers import HANDLERS
from server.idempotency import Idempotency
from server.oauth.token_rows import store_access_token
from server.reactions import REACTIONS
from server.rebuilding.tables import Table, tables_of
from server.secret_tokens import ACCESS, digest
from server.wiring import FOLLOWED, INLINE, SCHEMA
from tests.seeds import person

EACH = 40
"""Requests that each person has made, in a store of whatever size: larger companies have more people."""
BUSY = 2_000
"""Requests that one person has made besides, in each store."""
EVERY = 100
OPEN, HELD = 2, 10
"""Of so many requests in `EVERY` is not decided yet, or gave access that is still held."""
TOKENS_EVERY = 10
AT_ONCE = 5_000
BEGINS = datetime(2024, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=60)

APP, RESOURCE = AppId("app-0"), "http://127.0.0.1:8000/mcp/user"
ADMIN, BUSY_ONE = PersonId("p-admin"), PersonId("p-busybee")
SOMEBODY, MANAGER = PersonId("p-somebody"), PersonId("p-managing")
PERMISSION, REQUEST = (
    PermissionId("app-0:000000"),
    RequestId("00000000-0000-7000-8000-0000000000aa"),
)
FAMILY, TOKEN = "00000000-0000-7000-8000-0000000000bb", f"{ACCESS}0"
GROWN = "________-0000-7000-8000-0000000000aa"
"""The pattern of the ids of grown requests."""
MOMENT = datetime(2031, 1, 1, 0, 0, 0, 123_456, tzinfo=UTC)
CONTEXT = CommandContext(Actor(Via.SYSTEM), MOMENT, "00000000-0000-7000-8000-00000000c0de")


@dataclass(frozen=True, slots=True)
class Company:
    """Who asks for what in a store with so many requests, by the number of the request."""

    size: int

    @property
    def people(self) -> int:
        """How many people there are, but for the busy one."""
        return (self.size - BUSY) // EACH

    def requester(self, number: int) -> PersonId:
        """Return who makes a request."""
        return BUSY_ONE if number < BUSY else person_of((number - BUSY) % self.people)

    def manager(self, number: int) -> PersonId:
        """Return who decides on it."""
        return person_of(0 if number < BUSY else (number - BUSY + 1) % self.people)

    def permission(self, number: int) -> PermissionId:
        """Return what it is for: nobody asks for anything twice."""
        return permission_of(number if number < BUSY else (number - BUSY) // self.people)


def person_of(number: int) -> PersonId:
    """Return the person of this number."""
    return PersonId(f"p-{number:07}")


def permission_of(number: int) -> PermissionId:
    """Return the permission of this number."""
    return PermissionId(f"app-0:{number:06}")


def request_of(number: int) -> RequestId:
    """Return the id of the request of this number; later ones sort after earlier ones."""
    return RequestId(f"{number:08x}-0000-7000-8000-0000000000aa")


def token_of(number: int) -> str:
    """Return the access token that was given with the request of this number."""
    return f"{ACCESS}{number}"


@dataclass(slots=True)
class Kind:
    """What one request of a kind left: the links of its events, and its rows by table."""

    links: Sequence[Link]
    rows: dict[Table, list[Row]] = field(default_factory=dict)


def grow(url: str, size: int) -> None:
    """Fill an empty store with so many requests."""
    store = open_store(url)
    try:
        _make_tables(store)
        company = Company(size)
        _found(store, company)
        kinds = _kinds()
        for start in range(0, size, AT_ONCE):
            with store.write() as transaction:
                _write(transaction, company, kinds, range(start, min(size, start + AT_ONCE)))
    finally:
        store.close()


def _make_tables(store: EventStore) -> None:
    store.create((*shapes.SCHEMA, *follower.SCHEMA))
    shapes.adopt(store, INLINE, FOLLOWED)
    store.create(SCHEMA)


def _found(store: EventStore, company: Company) -> None:
    """Let there be people and permissions, by the real bus."""
    bus = CommandBus(store, HANDLERS, INLINE, new_id, reactions=REACTIONS)
    bus.start()
    commands: list[object] = [PutPerson(ADMIN, person(ADMIN, roles=(Role.ADMINISTRATOR,)))]
    for number in range(company.people):
        record = person(person_of(number), manager=person_of((number + 1) % company.people))
        commands.append(PutPerson(person_of(number), record))
    commands.append(PutPerson(BUSY_ONE, person(BUSY_ONE, manager=person_of(0))))
    commands.append(PutApp(APP, AppRecord("App")))
    permissions = map(permission_of, range(BUSY))
    commands += [PutPermission(one, PermissionRecord(APP, one)) for one in permissions]
    for start in range(0, len(commands), AT_ONCE):
        bus.call_blocking(partial(_execute, commands[start : start + AT_ONCE]))
    bus.call_blocking(_followed)
    bus.close()


def _execute(commands: Sequence[object], work: UnitOfWork) -> None:
    for command in commands:
        work.execute(command, replace(CONTEXT, now=BEGINS))


def _followed(work: UnitOfWork) -> None:
    """Let those that follow the log have come to its end."""
    for projection in FOLLOWED:
        position = follower.position_of(work.rows, projection)
        while events := work.events_after(position, AT_ONCE):
            for recorded in events:
                projection.apply(work.rows, recorded)
            position = events[-1].position
        set_position(work.rows, projection, position)


def _kinds() -> dict[str, Kind]:
    return {name: _left_by(commands) for name, commands in STORIES.items()}


def _left_by(story: Sequence[Callable[[UnitOfWork], object]]) -> Kind:
    """Return what a story leaves in a store where nothing else is but whom it is about."""
    store = open_store(MEMORY)
    _make_tables(store)
    bus = CommandBus(store, HANDLERS, INLINE, new_id, reactions=REACTIONS)
    bus.start()
    founding: list[object] = [
        PutPerson(ADMIN, person(ADMIN, roles=(Role.ADMINISTRATOR,))),
        PutPerson(MANAGER, person(MANAGER)),
        PutPerson(SOMEBODY, person(SOMEBODY, manager=MANAGER)),
        PutApp(APP, AppRecord("App")),
        PutPermission(PERMISSION, PermissionRecord(APP, "Permission")),
    ]
    bus.call_blocking(partial(_execute, founding))
    bus.call_blocking(_followed)
    before, tables = store.head(), tables_of(SCHEMA)
    with store.read() as rows:
        known = {table: set(_all(rows, table)) for table in tables}
    for step in story:
        bus.call_blocking(step)
    bus.call_blocking(_followed)
    kind = Kind([(link[0] - before, *link[1:]) for link in store.links_after(before, 100)])
    with store.read() as rows:
        for table in tables:
            if table.name != "followed_position":
                new = [one for one in _all(rows, table) if one not in known[table]]
                kind.rows[table] = [_counted_from(before, table, one) for one in new]
    bus.close()
    store.close()
    return kind


def _all(rows: Rows, table: Table) -> list[Row]:
    return rows.select(f"SELECT {', '.join(table.columns)} FROM {table.name}")


def _counted_from(before: int, table: Table, row: Row) -> Row:
    """Return the row with positions of the log counted from the story's first event."""
    return tuple(
        value - before if name == "position" and isinstance(value, int) else value
        for name, value in zip(table.columns, row, strict=True)
    )


def _submit(work: UnitOfWork) -> None:
    command = SubmitRequest(
        request_id=REQUEST,
        requester=SOMEBODY,
        target=SOMEBODY,
        app_id=APP,
        permission_ids=(PERMISSION,),
        justification="Needed for the report at the end of the quarter",
        now=MOMENT,
    )
    key = Idempotency(SOMEBODY, REQUEST, "fingerprint")
    work.execute(command, replace(CONTEXT, idempotency=key))


def _decide(verdict: Verdict, work: UnitOfWork) -> None:
    why = "Not needed" if verdict is Verdict.DENY else None
    decision = Decide(REQUEST, "decision", "digest", verdict, MOMENT, MANAGER, reason=why)
    work.execute(decision, CONTEXT)


def _grant(work: UnitOfWork) -> None:
    report = ReportFulfilment(
        REQUEST, "report", "digest", Action.GRANT, Result.DONE, MOMENT, reported_by=ADMIN
    )
    work.execute(report, CONTEXT)


def _connect(work: UnitOfWork) -> None:
    client, until = Client(ClientId("client"), "Client"), datetime(2040, 1, 1, tzinfo=UTC)
    consent, family, scopes = ConsentId(FAMILY), FamilyId(FAMILY), ("doorward:user:read",)
    given = GiveConsent(consent, SOMEBODY, client, RESOURCE, "http://127.0.0.1", scopes)
    code, refresh = digest(f"code {FAMILY}"), digest(f"refresh {FAMILY}")
    work.execute(given, CONTEXT)
    opened = OpenFamily(family, consent, SOMEBODY, client, RESOURCE, scopes, code, until, until)
    work.execute(opened, CONTEXT)
    work.execute(RedeemCode(family, client.client_id, refresh, until, MOMENT), CONTEXT)
    store_access_token(work.rows, TOKEN, family, scopes, datetime(2039, 1, 1, tzinfo=UTC))


STORIES: dict[str, Sequence[Callable[[UnitOfWork], object]]] = {
    "open": (_submit,),
    "held": (_submit, partial(_decide, Verdict.APPROVE), _grant),
    "denied": (_submit, partial(_decide, Verdict.DENY)),
    "connected": (_connect,),
}


def kind_of(number: int) -> str:
    """Return of what kind the request of this number is."""
    place = number * 2_654_435_761 % 2**32 * EVERY >> 32
    return "open" if place < OPEN else "held" if place < OPEN + HELD else "denied"


def _write(
    transaction: Transaction, company: Company, kinds: dict[str, Kind], numbers: range
) -> None:
    bulk = transaction.rows.bulk
    position, previous = bulk.log_end()
    links: list[Link] = []
    rows: dict[Table, list[Row]] = {}
    for number in numbers:
        names = ["connected"] if number % TOKENS_EVERY == 0 else []
        for name in (kind_of(number), *names):
            changed = _renamed(company, number)
            for table, found in kinds[name].rows.items():
                moved = (_moved(table, row, position, changed) for row in found)
                rows.setdefault(table, []).extend(moved)
            for _, stream, version, topic, state, _ in kinds[name].links:
                position += 1
                named, content = changed(stream), changed(state.decode()).encode()
                previous = linked(previous, position, named, version, topic, content)
                links.append((position, named, version, topic, content, previous))
    bulk.load_log(links, position, previous)
    for table, found in rows.items():
        bulk.load(table.name, table.columns, found)
    for projection in FOLLOWED:
        set_position(transaction.rows, projection, position)


def _moved(
    table: Table, row: Row, position: int, changed: Callable[[str], str]
) -> tuple[Value, ...]:
    return tuple(
        changed(value)
        if isinstance(value, str)
        else position + value
        if name == "position" and isinstance(value, int)
        else value
        for name, value in zip(table.columns, row, strict=True)
    )


def _renamed(company: Company, number: int) -> Callable[[str], str]:
    """Return what gives a text of a story the names of this request."""
    at = (BEGINS + APART * number).replace(microsecond=number % 1_000_000)
    family = f"{number:08x}-0000-7000-8000-0000000000bb"
    names = [
        (REQUEST, request_of(number)),
        (SOMEBODY, company.requester(number)),
        (MANAGER, company.manager(number)),
        (PERMISSION, company.permission(number)),
        (_text(MOMENT), _text(at)),
        (FAMILY, family),
        (digest(TOKEN), digest(token_of(number))),
        (digest(f"code {FAMILY}"), sha256(f"code {family}".encode()).hexdigest()),
        (digest(f"refresh {FAMILY}"), sha256(f"refresh {family}".encode()).hexdigest()),
    ]
    names = [(str(old), str(new)) for old, new in names]

    def changed(text: str) -> str:
        for old, new in names:
            if old in text:
                text = text.replace(old, new)
        return text

    return changed


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
