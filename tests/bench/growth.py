"""What calls cost as the store grows: the same queries and commands on stores of several sizes, all in one run
and by turns, so that whatever else the machine does falls on all of them alike. Each is timed where it is
used, without the way through HTTP; a command with its share of a group commit of `COMMANDS`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count

from adapters.open_store import open_store
from adapters.system import new_id
from domain.access_request import Decide, Status, SubmitRequest, Verdict
from domain.ports import EventStore, Rows
from domain.values import PersonId, RequestId
from projections.access_requests import (
    Sought,
    Wanted,
    all_requests,
    items_of,
    request_of,
    requests_of,
)
from projections.audit_trail import searching
from projections.inbox import waiting_count, waiting_for
from projections.request_history import history_of
from projections.timers import due_by, next_due
from server import bearer
from server.catalog.taken import taken_by
from server.command_bus import CommandContext, UnitOfWork
from server.handlers import HANDLERS
from server.idempotency import Idempotency
from server.reactions import REACTIONS
from server.wiring import INLINE
from tests.bench import grown_store as grown

COMMANDS = 10
ROUNDS = 15
AT_ONCE = 10
AT_WORK = 400
"""Requests, and so nearly as many people, that are asked about: as many in each store, since what is asked about
for the first time in weeks costs whatever the disk takes."""
NOW = datetime(2030, 1, 1, tzinfo=UTC)
ALLOWED = 1.5
"""The most that a call may cost, over what it costs in the smallest store."""
Query = Callable[[Rows, PersonId, int], object]


@dataclass(frozen=True, slots=True)
class Line:
    """A call: the microseconds that it takes in each store, the least of all rounds."""

    name: str
    costs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Each cost over that in the smallest store."""
        return tuple(cost / self.costs[0] for cost in self.costs)


def _page(rows: Rows, person: PersonId, _number: int, **wanted: object) -> object:
    found = requests_of(rows, person, Wanted(**wanted))  # type: ignore[arg-type]  # fields by name
    return items_of(rows, [one.request_id for one in found.items])


def _busy(rows: Rows, _person: PersonId, number: int, **wanted: object) -> object:
    return _page(rows, grown.BUSY_ONE, number, **wanted)


def _overseen(rows: Rows, _person: PersonId, _number: int, sought: Sought) -> object:
    return all_requests(rows, sought, 1, 20)


def _token(rows: Rows, _person: PersonId, number: int) -> object:
    token = grown.token_of(number - number % grown.TOKENS_EVERY)
    found = bearer.verify(rows, token, grown.RESOURCE, NOW)
    assert found is not None
    return found


def _audit(rows: Rows, wanted: searching.Wanted) -> object:
    return searching.before(rows, wanted, searching.head(rows) + 1, 50)


WAITING, DENIED = Status.PENDING_MANAGER_APPROVAL, Status.MANAGER_DENIED
QUERIES: dict[str, Query] = {
    "my requests, first page": _page,
    "my requests, open ones": partial(_page, statuses=(WAITING,)),
    "my requests, of one app": partial(_page, app_id=grown.APP),
    "one request of mine": lambda rows, who, n: request_of(rows, who, grown.request_of(n)),
    "the same by its id": lambda rows, who, n: _page(rows, who, n, request_id=grown.request_of(n)),
    "the busy one's, first page": _busy,
    "the busy one's, open ones": partial(_busy, statuses=(WAITING,)),
    "the story of a request": lambda rows, _who, n: history_of(rows, grown.request_of(n)),
    "what I hold and ask for": lambda rows, who, _n: taken_by(rows, who),
    "what the busy one holds": lambda rows, _who, _n: taken_by(rows, grown.BUSY_ONE),
    "inbox, first page": lambda rows, who, _n: waiting_for(rows, who),
    "inbox, count": lambda rows, who, _n: waiting_count(rows, who),
    "all requests, first page": partial(_overseen, sought=Sought()),
    "all requests, of a status": partial(_overseen, sought=Sought(status=DENIED)),
    "all requests, of a person": lambda rows, who, n: _overseen(rows, who, n, Sought(person=who)),
    "timers that are due": lambda rows, _who, _n: (due_by(rows, NOW, 100), next_due(rows)),
    "audit trail, first page": lambda rows, _who, _n: _audit(rows, searching.Wanted()),
    "audit trail, of a person": lambda rows, who, _n: _audit(rows, searching.Wanted(actor=who)),
    "a token is verified": _token,
    # What is dropped whenever a token is issued; none has expired.
    "tokens that have expired": lambda rows, _who, _n: rows.select(
        "SELECT digest FROM access_token WHERE expires_at < ?", ("2000",)
    ),
}


class Grown:
    """A store of one size, open."""

    def __init__(self, store: EventStore, size: int) -> None:
        self.store = store
        self._company = grown.Company(size)
        self._random = random.Random(size)
        self._work = UnitOfWork(HANDLERS, INLINE, new_id, REACTIONS)
        self._at_work = self._random.sample(range(grown.BUSY, size), AT_WORK)
        with store.read() as rows:
            asked = rows.select("SELECT COUNT(*) FROM access_request")[0][0]
            undecided = rows.select(
                "SELECT request_id FROM open_item WHERE request_id LIKE ?", (grown.GROWN,)
            )
        numbers = [int(str(request_id)[:8], 16) for (request_id,) in undecided]
        self._random.shuffle(numbers)
        self._open = iter(numbers)
        self._next = count(int(asked or 0))

    def ask(self, query: Query) -> float:
        """Return the microseconds of one query."""
        return self._timed(query, self._random.choices(self._at_work, k=AT_ONCE))

    def warm_up(self, query: Query) -> None:
        """Ask about all who are at work, once."""
        self._timed(query, self._at_work)

    def _timed(self, query: Query, numbers: Sequence[int]) -> float:
        people = [self._company.requester(number) for number in numbers]
        began = time.perf_counter()
        for person, number in zip(people, numbers, strict=True):
            with self.store.read() as rows:
                query(rows, person, number)
        return (time.perf_counter() - began) / len(numbers) * 1e6

    def submit(self) -> float:
        """Return the microseconds of one submission among others in a commit."""
        return self._commit([self._submission(next(self._next)) for _ in range(COMMANDS)])

    def decide(self) -> float:
        """Return the microseconds of one decision among others in a commit."""
        return self._commit([self._decision(next(self._open)) for _ in range(COMMANDS)])

    def _commit(self, commands: Sequence[tuple[object, CommandContext]]) -> float:
        began = time.perf_counter()
        with self.store.write() as transaction:
            self._work.begin(transaction)
            for command, context in commands:
                self._work.execute(command, context)
                self._work.keep()
        self._work.committed()
        return (time.perf_counter() - began) / len(commands) * 1e6

    def _submission(self, number: int) -> tuple[object, CommandContext]:
        who = self._company.requester(number)
        command = SubmitRequest(
            request_id=RequestId(new_id()),
            requester=who,
            target=who,
            app_id=grown.APP,
            permission_ids=(self._company.permission(number),),
            justification="Needed for the report at the end of the quarter",
            now=NOW,
        )
        key = Idempotency(who, str(command.request_id), "fingerprint")
        return command, replace(grown.CONTEXT, now=NOW, idempotency=key)

    def _decision(self, number: int) -> tuple[object, CommandContext]:
        command = Decide(
            grown.request_of(number),
            new_id(),
            "digest",
            Verdict.DENY,
            NOW,
            self._company.manager(number),
            reason="Not needed",
        )
        return command, replace(grown.CONTEXT, now=NOW)


def measure(urls: dict[int, str], rounds: int = ROUNDS) -> list[Line]:
    """Return the table of stores that were grown to these sizes."""
    with ExitStack() as opened:
        stores = [Grown(_opened(opened, url), size) for size, url in sorted(urls.items())]
        calls: dict[str, Callable[[Grown], float]] = {
            name: partial(lambda query, one: one.ask(query), query)
            for name, query in QUERIES.items()
        }
        calls["submit"] = Grown.submit
        calls["decide"] = Grown.decide
        for one in stores:
            for query in QUERIES.values():
                one.warm_up(query)
        least = {name: [float("inf")] * len(stores) for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                for place, one in enumerate(stores):
                    least[name][place] = min(least[name][place], call(one))
        return [Line(name, tuple(costs)) for name, costs in least.items()]


def _opened(opened: ExitStack, url: str) -> EventStore:
    store = open_store(url)
    opened.callback(store.close)
    return store


def show(title: str, sizes: Sequence[int], lines: Sequence[Line]) -> None:
    """Print the table; what costs more than is allowed is marked."""
    print(f"\n{title}")
    print(f"  {'us a call':28}" + "".join(f"{size:>12,}" for size in sizes) + "   x smallest")
    for one in lines:
        costs = "".join(f"{cost:>12,.0f}" for cost in one.costs)
        ratios = " ".join(f"{ratio:.2f}" for ratio in one.ratios[1:])
        mark = "  <-- grows" if max(one.ratios) > ALLOWED else ""
        print(f"  {one.name:28}{costs}   {ratios}{mark}")
