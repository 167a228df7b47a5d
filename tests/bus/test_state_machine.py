"""Any sequence of commands, on every database, beside a model small enough to be read at a glance:
who has which request open. The invariants are those of the design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.open_store import MEMORY, open_store
from adapters.system import new_id
from domain.access_request import CancelRequest
from domain.errors import AlreadyClosed, OnBehalfNotAllowed, Refused, UnknownApp, UnknownRequest
from domain.ports import EventStore
from domain.values import AppId, PermissionId, PersonId, RequestId
from projections.access_requests import PROJECTION as REQUESTS
from projections.open_requests import PROJECTION as OPEN
from server.command_bus import CommandBus
from server.handlers import HANDLERS
from tests import seeds
from tests.conftest import INLINE, SCHEMA, table_rows
from tests.seeds import ALICE, BOB, CAROL, CONTEXT, CRM, READER, WIKI, WRITER, submission

PEOPLE = st.sampled_from([ALICE, BOB, CAROL])
WISHES = st.sampled_from([(CRM, (READER,)), (CRM, (WRITER,)), (CRM, (READER, WRITER)), (WIKI, ())])
Slot = tuple[PersonId, AppId, frozenset[PermissionId]]


@dataclass
class Known:
    """A request as the model knows it."""

    request_id: RequestId
    requester: PersonId
    slot: Slot
    open: bool = True


class Requests(RuleBasedStateMachine):
    """Submits, cancels, restarts and compares."""

    open_database: Callable[[], EventStore]

    def __init__(self) -> None:
        super().__init__()
        self.store = self.open_database()
        self.store.create(SCHEMA)
        self.known: list[Known] = []
        self._open_bus()
        if self.store.head() == 0:
            seeds.seed(self.bus)
        self.seeded = self.store.head()

    def _open_bus(self) -> None:
        self.bus = CommandBus(self.store, HANDLERS, INLINE, new_id)
        self.bus.start()

    def teardown(self) -> None:
        self.bus.close()
        self.store.close()

    @rule(asker=PEOPLE, whom=PEOPLE, wish=WISHES)
    def submit(
        self,
        asker: PersonId,
        whom: PersonId,
        wish: tuple[AppId, tuple[PermissionId, ...]],
    ) -> None:
        app, permissions = wish
        fresh = RequestId(new_id())
        command = submission(
            fresh, requester=asker, target=whom, app_id=app, permission_ids=permissions
        )
        allowed = asker == whom or (asker, whom) == (BOB, ALICE)
        sees = app == WIKI or whom == ALICE
        slot = (whom, app, frozenset(permissions))
        standing = next((one for one in self.known if one.open and one.slot == slot), None)
        try:
            done = self.bus.call_blocking(lambda work: work.execute(command, CONTEXT))
        except (OnBehalfNotAllowed, UnknownApp) as refusal:
            assert not allowed if isinstance(refusal, OnBehalfNotAllowed) else not sees
            return
        assert allowed
        assert sees
        assert done.changed == (standing is None)
        if standing is None:
            self.known.append(Known(fresh, asker, slot))
        else:
            assert done.stream == f"access_request-{standing.request_id}"

    @precondition(lambda self: self.known)
    @rule(by=PEOPLE, data=st.data())
    def cancel(self, by: PersonId, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.known))
        try:
            self.bus.call_blocking(
                lambda work: work.execute(CancelRequest(one.request_id, by, None), CONTEXT)
            )
        except Refused as refusal:
            involved = by in (one.requester, one.slot[0])
            assert isinstance(refusal, AlreadyClosed if involved else UnknownRequest)
            assert not (involved and one.open)
            return
        assert one.open
        one.open = False

    @rule()
    def restart_the_bus(self) -> None:
        self.bus.close()
        self._open_bus()

    @invariant()
    def read_models_agree_with_the_model(self) -> None:
        rows = table_rows(self.store, ("access_request", "open_request"))
        shown = {(row[0], row[6] == "PENDING") for row in rows["access_request"]}
        assert shown == {(one.request_id, one.open) for one in self.known}
        expected = sorted(one.request_id for one in self.known if one.open)
        assert sorted(row[1] for row in rows["open_request"]) == expected

    @invariant()
    def replaying_any_prefix_works_and_the_whole_gives_the_same_rows(self) -> None:
        fresh = open_store(MEMORY)
        fresh.create(SCHEMA)
        with fresh.write() as transaction:
            for recorded in self.store.events_after(self.seeded, 10_000):
                for projection in (REQUESTS, OPEN):
                    projection.apply(transaction.rows, recorded)
        tables = ("access_request", "open_request")
        assert table_rows(fresh, tables) == table_rows(self.store, tables)
        fresh.close()


def test_no_sequence_of_commands_breaks_an_invariant(
    database: Callable[[], EventStore],
) -> None:
    class OnThis(Requests):
        open_database = staticmethod(database)

    run_state_machine_as_test(
        OnThis,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Callable[[], EventStore]:
    """Opens an empty database each time."""
    if request.param == "memory":
        return lambda: open_store(MEMORY)
    if request.param == "sqlite":
        folder = request.getfixturevalue("tmp_path")
        return lambda: open_store(f"sqlite:///{folder / new_id()}.db")
    create = request.getfixturevalue("new_postgres_database")
    return lambda: open_store(create())
