"""A real SMTP server on this machine, which keeps what it takes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "doorward", "pass:word@1/2"
OK = "250 OK"


@dataclass
class Taken:
    """A mail as it arrived, and how."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    encrypted: bool
    signed_in: bool


@dataclass
class MailReceiver:
    """Answers `RCPT` and `DATA` as a test wants; takes everything unless told otherwise."""

    at_recipient: str = OK
    at_content: str = OK
    taken: list[Taken] = field(default_factory=list)
    attempts: int = 0
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        self.attempts += 1
        if self.at_recipient == OK:
            envelope.rcpt_tos.append(address)
        return self.at_recipient

    async def handle_DATA(  # noqa: N802 - aiosmtpd's own name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.at_content == OK:
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            encrypted = session.ssl is not None
            signed_in = bool(session.authenticated)
            self.taken.append(
                Taken(
                    str(envelope.mail_from),
                    list(map(str, envelope.rcpt_tos)),
                    message,
                    encrypted,
                    signed_in,
                )
            )
        return self.at_content

    @asynccontextmanager
    async def listening(
        self, certificate: Path | None = None, *, implicit: bool = False, auth: bool = False
    ) -> AsyncIterator[MailReceiver]:
        """Receive until the block is left; STARTTLS is offered with a certificate."""
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)

        def protocol() -> SMTP:
            return SMTP(
                self,
                hostname="mail.example",
                tls_context=None if implicit else context,
                require_starttls=auth and not implicit,
                authenticator=_known if auth else None,
                auth_required=auth,
                loop=loop,
            )

        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            protocol, "127.0.0.1", 0, ssl=context if implicit else None
        )
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            yield self


def _known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    known = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=data == known, handled=data == known)
