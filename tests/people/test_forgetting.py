"""Forgetting a person who has left: nothing of him is left to read, in no table and in no file, and the
history of who entered what stands as it stood."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters import sqlite_log
from domain.access_request import RequestClosed, RequestSubmitted
from domain.errors import (
    PersonForgottenBefore,
    PersonStillActive,
    PersonStillHolds,
    Refused,
    UnknownPerson,
)
from domain.person import (
    DECIDER,
    AccessFacts,
    ForgetPerson,
    LinkIdentity,
    PersonChanged,
    PersonForgotten,
    PersonRegistered,
    PutPerson,
)
from domain.values import REDACTED, Personal, RequestId
from projections.people import person_by_id
from projections.request_history import history_of
from server.audit.verifying import verify
from server.operations import OPERATIONS
from server.wiring import FOLLOWED, INLINE, System
from tests import seeds
from tests.conftest import table_rows
from tests.seeds import ALICE
from tests.spec import Spec
from tests.web import Web, web_of

LEFT = replace(seeds.person(ALICE), disabled=True)
REGISTERED = PersonRegistered(ALICE, seeds.person(ALICE))
GONE = PersonChanged(ALICE, LEFT)
WORDS = "Because my surgery is on Monday"
SUBJECT = "248289761001"


def test_who_has_left_is_forgotten_once() -> None:
    spec = Spec(DECIDER).given(REGISTERED, GONE)
    spec.when(ForgetPerson(ALICE), AccessFacts(None)).then(PersonForgotten(ALICE))
    spec = Spec(DECIDER).given(REGISTERED, GONE, PersonForgotten(ALICE))
    spec.when(ForgetPerson(ALICE), AccessFacts(None)).then()


def test_who_may_still_enter_is_not_forgotten() -> None:
    wish, nothing = ForgetPerson(ALICE), AccessFacts(None)
    Spec(DECIDER).given(REGISTERED).when(wish, nothing).refused(PersonStillActive())
    holding = AccessFacts(RequestId("r-1"))
    Spec(DECIDER).given(REGISTERED, GONE).when(wish, holding).refused(PersonStillHolds("r-1"))
    Spec(DECIDER).given().when(wish, nothing).refused(UnknownPerson(ALICE))


def test_the_id_of_a_forgotten_person_is_never_used_again() -> None:
    spec = Spec(DECIDER).given(REGISTERED, GONE, PersonForgotten(ALICE))
    spec.when(PutPerson(ALICE, seeds.person(ALICE))).refused(PersonForgottenBefore(ALICE))
    link = LinkIdentity(ALICE, "https://id.example", Personal(ALICE, "1"))
    spec.when(link).refused(UnknownPerson(ALICE))


async def told_and_left(web: Web) -> None:
    """Let alice link an identity, ask for access, and leave."""
    subject = Personal(ALICE, SUBJECT)
    await web.execute(LinkIdentity(ALICE, "https://id.example", subject))
    wire = await web.wire()
    await wire.ask("submit_access_request", app_id="wiki", business_justification=WORDS)
    await web.execute(PutPerson(ALICE, LEFT))


def forget(system: System, person: str = "alice") -> dict[str, object]:
    body = json.dumps({"person": person}).encode()
    return OPERATIONS["people forget"](system, body, lambda _progress: None)


@pytest.mark.anyio
async def test_nothing_of_a_forgotten_person_is_left_to_read(system: System) -> None:
    async with web_of(system) as web:
        await told_and_left(web)
        assert [one.justification.text for one in web.events(RequestSubmitted)] == [WORDS]
        with pytest.raises(Refused):
            forget(system, "nobody")
        forget(system)
        await read_models_equal_a_rebuild(system)
        tables = [table for one in (*INLINE, *FOLLOWED) for table in one.tables]
        left = repr(table_rows(system.store, (*tables, "local_account", "mail_outbox")))
        for trace in (WORDS, SUBJECT, "alice@example.com", "'Alice'", "'alice'"):
            assert trace not in left
        (submitted,) = web.events(RequestSubmitted)
        assert verify(system.store, {}, lambda *_: None).broken is None
        with system.store.read() as rows:
            person = person_by_id(rows, ALICE)
            history = history_of(rows, submitted.request_id)
        assert person is not None
        assert (person.full_name, person.disabled) == (REDACTED, True)
        assert REDACTED in [one.words for one in history]
        if system.settings.store_url != "sqlite:///:memory:":
            assert submitted.justification.text == REDACTED
            (closed,) = web.events(RequestClosed)
            assert closed.submission.justification.text == REDACTED


async def read_models_equal_a_rebuild(system: System) -> None:
    """Rebuild what is inline and compare it with what was there."""
    tables = tuple(table for one in INLINE for table in one.tables)
    before = table_rows(system.store, tables)
    OPERATIONS["rebuild"](system, b"", lambda _progress: None)
    assert table_rows(system.store, tables) == before


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_file_holds_a_trace_of_a_forgotten_person(system: System) -> None:
    async with web_of(system) as web:
        await told_and_left(web)
        forget(system)
        folder = system.settings.data_dir.parent
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            for trace in (WORDS, SUBJECT, "alice@example.com"):
                assert trace.encode() not in content, path


@pytest.mark.anyio
async def test_a_new_master_key_is_made_and_the_former_ones_go(system: System) -> None:
    done = OPERATIONS["people rotate-keys"](system, b"", lambda _progress: None)
    async with web_of(system) as web:
        await told_and_left(web)
        assert [one.justification.text for one in web.events(RequestSubmitted)] == [WORDS]
    if system.settings.store_url != "sqlite:///:memory:":
        assert (done["keys_wrapped"], len(done["dropped"])) == (4, 1)


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_is_told_that_a_long_read_keeps_traces_in_a_file(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "LOCK_SECONDS", 0.1)
    async with web_of(system) as web:
        await told_and_left(web)
        with system.store.read() as rows:
            rows.select("SELECT 1 FROM person")
            assert "by their id" in str(forget(system)["not_scrubbed"])
        assert "not_scrubbed" not in forget(system, ALICE)
