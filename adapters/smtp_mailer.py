"""The `Mailer` port over SMTP (RFC 5321), by the standard library on a worker thread. A connection
beyond this machine is encrypted before anything of value goes over it: at once, or by STARTTLS,
which must then be offered. Headers are built by the email package, which lets no line break through.

A server's 4yz and any trouble with the connection or the credentials are temporary: the mail is not
at fault. Its 5yz to sender, recipient or content is final."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime

import anyio

from domain.outgoing import Mail, MailRefused, MailUnavailable
from domain.ports import Clock

STEP_SECONDS = 15.0
TOTAL_SECONDS = 60.0
MOST_AT_ONCE = 4
"""Most threads that wait for a mail server, those given up included, which end by themselves."""

_CREDENTIALS = frozenset({530, 534, 535, 538})
"""Replies that are about who we are, not about the mail (RFC 4954 §6)."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over; `encrypted` from the first byte, or by STARTTLS."""

    host: str
    port: int
    encrypted: bool
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def local(self) -> bool:
        """Whether it can only be this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class SmtpMailer:
    """Opens a connection for each mail."""

    def __init__(
        self,
        server: SmtpServer,
        sender: Address,
        clock: Clock,
        *,
        context: ssl.SSLContext | None = None,
        deadline: float = TOTAL_SECONDS,
    ) -> None:
        """Tests pass their own context."""
        self._server = server
        self._sender = sender
        self._clock = clock
        self._context = context
        self._deadline = deadline
        self._limiter = anyio.CapacityLimiter(MOST_AT_ONCE)

    async def send(self, message: Mail) -> None:
        """Return once the server has taken it; raises `MailRefused` or `MailUnavailable`."""
        session = _Session(self._server, self._context)
        content = self.composed(message)
        try:
            async with asyncio.timeout(self._deadline):
                await anyio.to_thread.run_sync(
                    session.hand_over,
                    content,
                    self._sender.addr_spec,
                    message.to,
                    abandon_on_cancel=True,
                    limiter=self._limiter,
                )
        except TimeoutError:
            raise MailUnavailable("the mail server took too long") from None
        finally:
            session.cut()

    def composed(self, mail: Mail) -> EmailMessage:
        """Return the mail as it is sent."""
        composed = EmailMessage(policy=SMTP)
        composed["From"] = self._sender
        composed["To"] = Address(addr_spec=mail.to)
        # The email package decodes what looks like an encoded word (RFC 2047), line breaks and all,
        # and writes them into the header; so nothing may look like one.
        composed["Subject"] = mail.subject.replace("=?", "= ?")
        composed["Date"] = format_datetime(self._clock())
        composed["Message-ID"] = f"<{mail.message_id}>"
        if mail.references:
            composed["In-Reply-To"] = f"<{mail.references[-1]}>"
            composed["References"] = " ".join(f"<{one}>" for one in mail.references)
        # RFC 3834 §5: no out-of-office note comes back.
        composed["Auto-Submitted"] = "auto-generated"
        composed.set_content(mail.text, cte="quoted-printable")
        if mail.html is not None:
            composed.add_alternative(mail.html, subtype="html", cte="quoted-printable")
        if BytesHeaderParser().parsebytes(composed.as_bytes()).keys() != composed.keys():
            raise MailRefused("its headers cannot be written as they are meant")
        return composed


class _Session:
    """One connection, used on a worker thread; `cut` ends it from the event loop."""

    def __init__(self, server: SmtpServer, context: ssl.SSLContext | None) -> None:
        self._server = server
        self._context = context
        self._client: smtplib.SMTP | None = None

    def hand_over(self, content: EmailMessage, sender: str, recipient: str) -> None:
        """Connect, sign in, send."""
        with _told():
            self._client = client = self._greeted()
            try:
                if not self._server.encrypted:
                    self._encrypt(client)
                if self._server.username:
                    client.login(self._server.username, self._server.password)
                client.send_message(content, sender, [recipient])
            finally:
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    client.quit()
                client.close()

    def cut(self) -> None:
        """End a connection that is still there: the thread that waits on it gets an error."""
        waiting = self._client.sock if self._client is not None else None
        if waiting is not None:
            with contextlib.suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)

    def _greeted(self) -> smtplib.SMTP:
        server = self._server
        if server.encrypted:
            return smtplib.SMTP_SSL(
                server.host, server.port, timeout=STEP_SECONDS, context=self._tls()
            )
        return smtplib.SMTP(server.host, server.port, timeout=STEP_SECONDS)

    def _encrypt(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        if client.has_extn("starttls"):
            client.starttls(context=self._tls())
            client.ehlo()
        elif not self._server.local:
            raise MailUnavailable("the mail server offers no STARTTLS")

    def _tls(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell what the mail is to blame for from what it is not."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as fault:
        code, text = next(iter(fault.recipients.values()))
        raise _judged(code, text) from None
    except smtplib.SMTPResponseException as fault:
        raise _judged(fault.smtp_code, fault.smtp_error, type(fault)) from None
    except smtplib.SMTPException as fault:
        raise MailUnavailable(_line(f"{type(fault).__name__}: {fault}")) from None
    except OSError as fault:
        raise MailUnavailable(_line(f"no connection: {type(fault).__name__}: {fault}")) from None


def _judged(
    code: int, text: bytes | str, kind: type[smtplib.SMTPResponseException] | None = None
) -> Exception:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    why = _line(f"the mail server answered {code} {words}")
    about_us = kind is not None and issubclass(
        kind, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError | smtplib.SMTPHeloError
    )
    if 500 <= code < 600 and code not in _CREDENTIALS and not about_us:  # noqa: PLR2004 - final
        return MailRefused(why)
    return MailUnavailable(why)


def _line(text: str) -> str:
    """Return a fault in one printable line of bounded length."""
    return "".join(one if one.isprintable() else " " for one in text)[:300]
