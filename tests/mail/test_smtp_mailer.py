"""Mail over a real socket: encrypted where it leaves this machine, and nothing that people write ever
becomes a header."""

from __future__ import annotations

import asyncio
import ssl
from email.headerregistry import Address
from pathlib import Path

import pytest

from adapters.smtp_mailer import SmtpMailer, SmtpServer
from domain.errors import MalformedText
from domain.outgoing import Mail, MailRefused, MailUnavailable, is_mail_address
from tests.certificates import write_certificate
from tests.mail.server import PASSWORD, USER, MailReceiver
from tests.times import NOW

pytestmark = pytest.mark.anyio
SENDER = Address("Doorward", addr_spec="doorward@example.com")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "mail.pem", "localhost")


def mail(**changes: object) -> Mail:
    fields: dict[str, object] = {
        "to": "bob@example.com",
        "subject": "Alice asks for access",
        "text": "Alice wants to read the CRM.",
        "message_id": "r-1.submitted.p-bob@doorward.example",
    }
    return Mail(**{**fields, **changes})  # type: ignore[arg-type]  # fields by name


def mailer(
    receiver: MailReceiver,
    certificate: Path | None = None,
    *,
    implicit: bool = False,
    username: str = "",
    password: str = "",
    deadline: float = 30,
    host: str = "127.0.0.1",
) -> SmtpMailer:
    server = SmtpServer(host, receiver.port, implicit, username, password)
    context = ssl.create_default_context(cafile=certificate) if certificate else None
    return SmtpMailer(server, SENDER, lambda: NOW, context=context, deadline=deadline)


async def test_a_mail_arrives_as_it_was_written() -> None:
    message = mail(
        subject="Zugang für Älice",
        text="Grüße\nzweite Zeile\n.\nnach dem Punkt",
        html="<p>Grüße</p>",
        references=("r-1@doorward.example",),
    )
    async with MailReceiver().listening() as receiver:
        await mailer(receiver).send(message)
    (taken,) = receiver.taken
    headers = taken.message
    assert (taken.sender, taken.recipients) == ("doorward@example.com", ["bob@example.com"])
    assert headers["From"] == "Doorward <doorward@example.com>"
    assert headers["To"] == "bob@example.com"
    assert headers["Subject"] == "Zugang für Älice"
    assert headers["Message-ID"] == "<r-1.submitted.p-bob@doorward.example>"
    assert headers["References"] == headers["In-Reply-To"] == "<r-1@doorward.example>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Date"].datetime == NOW
    plain, rich = headers.iter_parts()
    assert plain.get_content().splitlines() == ["Grüße", "zweite Zeile", ".", "nach dem Punkt"]
    assert rich.get_content().strip() == "<p>Grüße</p>"


async def test_starttls_is_used_where_it_is_offered_and_the_password_goes_inside_it(
    certificate: Path,
) -> None:
    async with MailReceiver().listening(certificate, auth=True) as receiver:
        await mailer(receiver, certificate, username=USER, password=PASSWORD).send(mail())
    (taken,) = receiver.taken
    assert (taken.encrypted, taken.signed_in) == (True, True)


async def test_an_encrypted_port_is_encrypted_from_the_first_byte(certificate: Path) -> None:
    async with MailReceiver().listening(certificate, implicit=True) as receiver:
        await mailer(receiver, certificate, implicit=True).send(mail())
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("implicit", [False, True])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    certificate: Path, implicit: bool
) -> None:
    async with MailReceiver().listening(certificate, implicit=implicit) as receiver:
        sending = mailer(receiver, implicit=implicit)
        with pytest.raises(MailUnavailable, match="certificate"):
            await sending.send(mail())
    assert receiver.taken == []


async def test_beyond_this_machine_nothing_is_sent_in_the_clear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An attacker on the way strips STARTTLS from what the server offers."""
    async with MailReceiver().listening() as receiver:
        monkeypatch.setattr(SmtpServer, "local", False)
        with pytest.raises(MailUnavailable, match="offers no STARTTLS"):
            await mailer(receiver, username=USER, password=PASSWORD).send(mail())
    assert receiver.attempts == 0


async def test_wrong_credentials_are_not_the_mails_fault(certificate: Path) -> None:
    async with MailReceiver().listening(certificate, auth=True) as receiver:
        for username, password in ((USER, "wrong"), ("", "")):
            sending = mailer(receiver, certificate, username=username, password=password)
            with pytest.raises(MailUnavailable, match=r"53[05]") as caught:
                await sending.send(mail())
            assert "wrong" not in str(caught.value)
    assert receiver.taken == []


@pytest.mark.parametrize("answer", ["450 mailbox busy", "451 greylisted", "421 shutting down"])
async def test_a_temporary_refusal_is_temporary(answer: str) -> None:
    for receiver in (MailReceiver(at_recipient=answer), MailReceiver(at_content=answer)):
        async with receiver.listening():
            with pytest.raises(MailUnavailable, match=answer):
                await mailer(receiver).send(mail())


@pytest.mark.parametrize("answer", ["550 no such mailbox", "552 too large", "554 spam"])
async def test_a_final_refusal_is_final(answer: str) -> None:
    for receiver in (MailReceiver(at_recipient=answer), MailReceiver(at_content=answer)):
        async with receiver.listening():
            with pytest.raises(MailRefused, match=answer):
                await mailer(receiver).send(mail())


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with MailReceiver().listening() as gone:
        pass
    with pytest.raises(MailUnavailable, match="no connection"):
        await mailer(gone).send(mail())


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n", b"220-more\r\n" * 3])
async def test_a_server_that_says_nothing_more_is_given_up(greeting: bytes) -> None:
    talking: list[asyncio.StreamWriter] = []
    hung_up = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.append(writer)
        writer.write(greeting)
        await reader.read()
        hung_up.set()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(MailUnavailable, match="took too long"):
            await mailer(MailReceiver(port=port), deadline=0.3).send(mail())
        if greeting == b"220 hello\r\n":
            await asyncio.wait_for(hung_up.wait(), 30)
        for writer in talking:
            writer.close()


async def test_what_is_not_smtp_is_unavailable() -> None:
    async def babbling(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\x1b[31m\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babbling, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(MailUnavailable) as caught:
            await mailer(MailReceiver(port=port)).send(mail())
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "Hello\r\nBcc: eve@example.com",
        "Hello\nBcc: eve@example.com",
        "Hello\rBcc: eve@example.com",
        "Hello\u2028Bcc: eve@example.com",
        "Hello\x0bBcc: eve@example.com",
        "Hello\x85Bcc: eve@example.com",
        "=?utf-8?q?Hello=0D=0ABcc=3A_eve=40example=2Ecom?=",
        "Ü =?utf-8?b?SGVsbG8NCkJjYzogZXZlQGV4YW1wbGUuY29t?= =?utf-8?q?=0ABcc=3A_e=40x=2Ee?=",
        "=?=?utf-8?q?Hello=0ABcc=3A_eve=40example=2Ecom?=",
        "Hello\r\n\r\nanother body",
    ],
)
async def test_a_subject_never_becomes_another_header(text: str) -> None:
    """Python's email package decodes an encoded word in a header, line breaks and all."""
    async with MailReceiver().listening() as receiver:
        await mailer(receiver).send(mail(subject=text))
    (taken,) = receiver.taken
    assert taken.message["Bcc"] is None
    assert taken.recipients == ["bob@example.com"]
    assert taken.message.get_content().strip() == "Alice wants to read the CRM."
    wanted = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
    kept = [name for name in taken.message if name in wanted]
    assert kept == wanted


async def test_a_text_never_ends_the_mail_and_begins_a_command() -> None:
    text = "one\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<eve@example.com>\r\nDATA\r\n"
    async with MailReceiver().listening() as receiver:
        await mailer(receiver).send(mail(text=text))
        await mailer(receiver).send(mail(text="\n.\r.\r\n.\n"))
    assert len(receiver.taken) == 2
    assert receiver.taken[0].message.get_content().split()[:3] == ["one", ".", "MAIL"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bob",
        "@example.com",
        "bob@",
        "bob@example.com, eve@example.com",
        "bob@example.com eve@example.com",
        "Bob <bob@example.com>",
        "<bob@example.com>",
        "bob@example.com\r\nBcc: eve@example.com",
        "bob@example.com\n",
        '"bob\r\n"@example.com',
        '"bob smith"@example.com',
        "bob(comment)@example.com",
        "bob@exa mple.com",
        "bob@[127.0.0.1]",
        "bob@-example.com",
        "bob..b@example.com",
        ".bob@example.com",
        "böb@example.com",
        "bob@exämple.com",
        "b" * 65 + "@example.com",
        "bob@" + "a." * 130 + "com",
        "bob@example.com\x00",
    ],
)
def test_what_is_no_plain_address_gets_no_mail(address: str) -> None:
    assert not is_mail_address(address)
    with pytest.raises(MalformedText):
        mail(to=address)


def test_ids_are_plain_and_texts_are_cleaned_and_bounded() -> None:
    for wrong in ("", "r-1", "<r-1@x>", "r 1@x", "r-1@x\r\nBcc: eve@x", "r-1@x>"):
        with pytest.raises(MalformedText):
            mail(message_id=wrong)
        with pytest.raises(MalformedText):
            mail(references=(wrong,))
    long = mail(subject="s" * 10_000, text="t" * 1_000_000, references=("a@b",) * 500)
    assert (len(long.subject), len(long.text), len(long.references)) == (250, 100_000, 20)
    assert mail(text="a\x00b\u202ec\td\n").text == "abc\td"
    assert mail(subject=" a \x00 \t b ").subject == "a b"
