"""Mails about requests: who is told of what, in the same transaction, with a link and no decision in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from domain.access_request import CommentOnRequest, Decide, LetTimePass, Verdict
from domain.errors import InputMissing
from domain.outgoing import Mail
from domain.person import PutPerson
from domain.policy import Evidence
from domain.values import Actor, Personal, PersonId, RequestId, Via
from server.command_bus import CommandContext
from server.config import load_settings
from server.mail.outbox import enqueue
from server.wiring import System, open_system
from tests import seeds
from tests.people.test_forgetting import forget
from tests.times import NOW
from tests.two_stages import prepare

REQUEST = RequestId("r-1")


@pytest.fixture
def system(database_url: str, tmp_path: Path) -> Iterator[System]:
    """With mail on."""
    settings = load_settings(
        {
            "DOORWARD_DATA_DIR": str(tmp_path / "data"),
            "DOORWARD_DATABASE_URL": database_url,
            "DOORWARD_NATS_URL": "off",
            "DOORWARD_SMTP_URL": "smtp://127.0.0.1:2525",
            "DOORWARD_MAIL_FROM": "Doorward <doorward@example.com>",
        }
    )
    with open_system(settings) as opened:
        seeds.seed_system(opened)
        prepare(opened)
        yield opened


def act(system: System, by: PersonId, command: object) -> None:
    context = CommandContext(Actor(Via.WEB, by), NOW, system.new_id())
    system.bus.call_blocking(lambda work: work.execute(command, context))


def ask(system: System, **changes: object) -> None:
    act(system, seeds.ALICE, seeds.submission(REQUEST, answers=(("ticket", "T-1"),), **changes))


def decide(system: System, by: PersonId, verdict: Verdict, reason: str | None = None) -> None:
    decision = Decide(
        REQUEST, f"d-{by}", "digest", verdict, NOW, by, evidence=Evidence.SESSION, reason=reason
    )
    act(system, by, decision)


def queued(system: System) -> list[Mail]:
    """Return the mails that wait, in the order of their receivers, and forget them."""
    with system.store.write() as transaction:
        found = transaction.rows.select("SELECT body FROM mail_outbox")
        transaction.rows.execute("DELETE FROM mail_outbox")
    mails = [msgspec.json.decode(str(body), type=Mail) for (body,) in found]
    return sorted(mails, key=lambda one: (one.to, one.subject))


def test_an_approver_is_told_once_with_a_link_to_the_page(system: System) -> None:
    ask(system)
    (mail,) = queued(system)
    assert (mail.to, mail.subject) == (
        "bob@example.com",
        "An access request waits for your decision",
    )
    assert "Why: Quarter-end report" in mail.text
    assert mail.text.endswith(f"{system.settings.issuer}/requests/{REQUEST}")


def test_a_denial_is_told_to_whom_it_is_for_with_its_reason(system: System) -> None:
    ask(system)
    queued(system)
    decide(system, seeds.BOB, Verdict.DENY, "Not now")
    (mail,) = queued(system)
    assert (mail.to, mail.subject) == ("alice@example.com", "Your access request is denied")
    assert "Reason: Not now" in mail.text


def test_the_next_stage_and_then_who_grants_are_told(system: System) -> None:
    ask(system)
    queued(system)
    decide(system, seeds.BOB, Verdict.APPROVE)
    assert [one.to for one in queued(system)] == ["carol@example.com"]
    decide(system, seeds.CAROL, Verdict.APPROVE)
    assert [(one.to, one.subject) for one in queued(system)] == [
        ("admin@example.com", "There is access to grant or remove by hand"),
        ("alice@example.com", "Your access request is approved"),
    ]


def test_a_reminder_is_a_mail_of_its_own(system: System) -> None:
    ask(system)
    first = {one.message_id for one in queued(system)}
    later = NOW + timedelta(days=1, seconds=1)
    act(system, seeds.BOB, LetTimePass(REQUEST, later))
    timer = CommandContext(Actor(Via.TIMER), later, system.new_id())
    system.bus.call_blocking(
        lambda work: work.execute(LetTimePass(REQUEST, later + timedelta(days=1)), timer)
    )
    reminded = queued(system)
    assert {one.subject for one in reminded} == {"An access request still waits for your decision"}
    assert not first & {one.message_id for one in reminded}


def test_nobody_is_told_of_what_he_did_himself(system: System) -> None:
    ask(system)
    queued(system)
    act(system, seeds.ALICE, CommentOnRequest(REQUEST, seeds.ALICE, "Please hurry", NOW))
    assert queued(system) == []
    act(system, seeds.BOB, CommentOnRequest(REQUEST, seeds.BOB, "Tomorrow", NOW))
    (mail,) = queued(system)
    assert (mail.to, "Said: Tomorrow" in mail.text) == ("alice@example.com", True)


def test_a_refused_command_leaves_no_mail(system: System) -> None:
    with pytest.raises(InputMissing):
        ask(system, justification="")
    assert queued(system) == []


def test_what_people_write_never_becomes_a_subject(system: System) -> None:
    ask(system, justification="Hi\r\nBcc: everybody@example.com")
    (mail,) = queued(system)
    assert mail.subject == "An access request waits for your decision"


def test_an_address_that_is_none_is_passed_over(system: System) -> None:
    record = seeds.person(seeds.BOB)
    bad = Personal(seeds.BOB, "bob at example")
    changed = PutPerson(
        seeds.BOB,
        type(record)(record.username, record.given_name, record.family_name, bad),
    )
    act(system, seeds.BOB, changed)
    ask(system)
    assert queued(system) == []


def test_of_a_forgotten_person_no_words_wait_to_be_sent_and_other_mails_do(system: System) -> None:
    """The mail that tells alice why tells what bob said, and does not name him."""
    ask(system)
    decide(system, seeds.BOB, Verdict.DENY, "I saw your surgery in the calendar")
    other = Mail("carol@example.com", "Bobsled", "On a bobsled.", "m-1@x")
    mails = [one for one in queued(system) if one.to == "alice@example.com"]
    assert "Reason: I saw your surgery in the calendar\n" in mails[0].text
    with system.store.write() as transaction:
        for one in (*mails, other):
            enqueue(transaction.rows, one, NOW)
    act(system, seeds.CAROL, PutPerson(seeds.BOB, replace(seeds.person(seeds.BOB), disabled=True)))
    forget(system, "bob")
    assert [one.subject for one in queued(system)] == ["Bobsled"]
