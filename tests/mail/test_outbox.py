"""The outbox on every database: a mail is enqueued with what it tells about, survives, and is sent once."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from pathlib import Path
from typing import Any

import pytest

from adapters.smtp_mailer import SmtpMailer, SmtpServer
from domain.outgoing import Mail
from server.command_bus import UnitOfWork
from server.mail import outbox
from server.mail.delivery import MailDelivery
from server.mail.outbox import SCHEDULE, DeadMail
from server.wiring import System
from tests import seeds
from tests.certificates import write_certificate
from tests.mail.server import OK, PASSWORD, USER, MailReceiver
from tests.web import Hands
from tests.webhooks.scene import until

pytestmark = pytest.mark.anyio
MAIL = Mail("bob@example.com", "Alice asks", "She wants to read.", "r-1.p-bob@doorward.example")


@dataclass
class Post:
    """An outbox whose loop runs, and the clock it goes by."""

    system: System
    hands: Hands
    loop: MailDelivery

    async def enqueue(self, mail: Mail = MAIL) -> bool:
        now = self.hands()
        return await self.system.bus.call(lambda work: outbox.enqueue(work.rows, mail, now))

    async def later(self, wait: timedelta) -> None:
        self.hands.moved += wait
        self.loop.wake()

    def row(self, *columns: str) -> tuple[Any, ...]:
        with self.system.store.read() as rows:
            found = rows.select(f"SELECT {', '.join(columns)} FROM mail_outbox")
        return found[0] if found else ()

    def dead(self) -> list[DeadMail]:
        return self.system.reads.blocking(outbox.dead_mails)


@asynccontextmanager
async def posting(
    system: System, receiver: MailReceiver | None, *, server: SmtpServer | None = None, **tls: Any
) -> AsyncIterator[Post]:
    """Send until the block is left; without a receiver mail is off."""
    began = system.clock()
    hands = Hands(lambda: began)
    mailer = None
    if receiver is not None:
        where = server or SmtpServer("127.0.0.1", receiver.port, encrypted=False)
        mailer = SmtpMailer(where, Address(addr_spec="doorward@example.com"), hands, **tls)
    loop = MailDelivery(system.bus, system.reads, mailer, hands, chance=lambda: 0)
    system.growth.tell(loop.wake)
    running = asyncio.create_task(loop.run())
    try:
        yield Post(system, hands, loop)
        assert not running.done(), running.exception()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_mail_is_sent_once_however_often_it_is_enqueued_and_its_content_goes(
    system: System,
) -> None:
    async with MailReceiver().listening() as receiver, posting(system, receiver) as post:
        assert await post.enqueue()
        assert not await post.enqueue()
        await until(lambda: post.row("state") == (outbox.SENT,))
        assert not await post.enqueue()
        await post.later(timedelta(days=29))
        assert not await post.enqueue()
        other = Mail("carol@example.com", "Another", "Text", "r-2@doorward.example")
        await post.enqueue(other)
        await until(lambda: len(receiver.taken) == 2)
    ids = [one.message["Message-ID"] for one in receiver.taken]
    assert ids == [f"<{MAIL.message_id}>", f"<{other.message_id}>"]
    with system.store.read() as rows:
        assert rows.select("SELECT body FROM mail_outbox WHERE state = 'sent'")[0] == ("",)


async def test_a_mail_belongs_to_the_transaction_that_causes_it(system: System) -> None:
    def undone(work: UnitOfWork) -> None:
        outbox.enqueue(work.rows, MAIL, seeds.CONTEXT.now)
        work.execute(seeds.submission("r-1", app_id="unknown"), seeds.CONTEXT)

    with pytest.raises(Exception, match="unknown_app"):
        await system.bus.call(undone)
    async with MailReceiver().listening() as receiver, posting(system, receiver) as post:
        assert post.row("message_id") == ()


async def test_a_temporary_refusal_is_tried_again_on_schedule(system: System) -> None:
    answers = ["451 greylisted", "451 busy", "451 still busy", "451 out of memory", OK]
    receiver = MailReceiver(at_recipient=answers[0])
    async with receiver.listening(), posting(system, receiver) as post:
        await post.enqueue()
        for attempt, (wait, then) in enumerate(
            zip(SCHEDULE.waits, answers[1:], strict=False), start=1
        ):
            await until(lambda: receiver.at_recipient in post.row("fault")[0])
            assert receiver.attempts == post.row("attempts")[0] == attempt
            receiver.at_recipient = then
            await post.later(wait)
        await until(lambda: len(receiver.taken) == 1)
        await until(lambda: post.row("state", "fault") == (outbox.SENT, ""))
    assert receiver.attempts == len(answers)


async def test_a_final_refusal_ends_it_and_says_why(system: System) -> None:
    receiver = MailReceiver(at_recipient="550 no such mailbox")
    async with receiver.listening(), posting(system, receiver) as post:
        await post.enqueue()
        await until(lambda: bool(post.dead()))
        (dead,) = post.dead()
        assert (dead.message_id, dead.attempts) == (MAIL.message_id, 1)
        assert "550 no such mailbox" in dead.fault
        await post.later(timedelta(days=1))
        second = Mail("carol@example.com", "Another", "Text", "r-2@doorward.example")
        await post.enqueue(second)
        await until(lambda: len(post.dead()) == 2)
        assert receiver.attempts == 2


async def test_wrong_credentials_keep_the_mail_until_they_are_right(
    system: System, tmp_path: Path
) -> None:
    certificate = write_certificate(tmp_path / "mail.pem")
    context = ssl.create_default_context(cafile=certificate)
    async with MailReceiver().listening(certificate, auth=True) as receiver:
        wrong = SmtpServer("127.0.0.1", receiver.port, False, USER, "wrong")
        async with posting(system, receiver, server=wrong, context=context) as post:
            await post.enqueue()
            await until(lambda: "535" in post.row("fault")[0])
        right = SmtpServer("127.0.0.1", receiver.port, False, USER, PASSWORD)
        async with posting(system, receiver, server=right, context=context) as post:
            await post.later(timedelta(minutes=10))
            await until(lambda: len(receiver.taken) == 1)


async def test_a_process_that_dies_while_it_sends_leaves_the_mail_to_the_next(
    system: System,
) -> None:
    async with MailReceiver().listening() as receiver, posting(system, None) as before:
        await before.enqueue()
        now = before.hands()
        taken = await system.bus.call(lambda work: outbox.take(work.rows, now))
        assert taken is not None
        assert await system.bus.call(lambda work: outbox.take(work.rows, now)) is None
        async with posting(system, receiver) as post:
            await post.later(outbox.TAKEN + timedelta(seconds=1))
            await until(lambda: len(receiver.taken) == 1)
            await until(lambda: post.row("state", "attempts") == (outbox.SENT, 2))
        await system.bus.call(
            lambda work: outbox.failed(work.rows, taken, "too late", now, lambda: 0)
        )
        assert post.row("state", "fault") == (outbox.SENT, "")


async def test_a_mail_that_is_too_old_is_not_sent_and_is_forgotten_in_time(
    system: System,
) -> None:
    async with posting(system, None) as post:
        await post.enqueue()
        await post.later(outbox.LIFE + timedelta(minutes=1))
        await until(lambda: bool(post.dead()))
        assert "in time" in post.dead()[0].fault
        await post.later(outbox.KEPT)
        await until(lambda: post.row("message_id") == ())
