"""What reaches out to hosts that others name. Most servers never do, or not for a while: a client for HTTP
and the system's certificate authorities are loaded with the first call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from domain.outgoing import Mailer, WebhookAnswer, WebhookCall, WebhookSender
from domain.ports import Clock, DocumentFetcher, FetchedDocument
from server.config import Settings


@dataclass
class LateDocumentFetcher:
    """Opens a fetcher when it is first needed; from the event loop alone."""

    opened: Callable[[], DocumentFetcher]

    @cached_property
    def _fetcher(self) -> DocumentFetcher:
        return self.opened()

    async def fetch(self, url: str) -> FetchedDocument:
        """Return the document; raises `DocumentUnavailable`."""
        return await self._fetcher.fetch(url)


@dataclass
class LateWebhookSender:
    """Opens a sender when it is first needed; from the event loop alone."""

    opened: Callable[[], WebhookSender]

    @cached_property
    def _sender(self) -> WebhookSender:
        return self.opened()

    async def send(self, call: WebhookCall) -> WebhookAnswer:
        """Return the answer, whatever its status; raises `WebhookUnreachable`."""
        return await self._sender.send(call)


def fetcher() -> DocumentFetcher:
    """Return what fetches clients' metadata documents."""

    def opened() -> DocumentFetcher:
        from adapters.document_fetcher import HttpsDocumentFetcher  # noqa: PLC0415 - see above

        return HttpsDocumentFetcher()

    return LateDocumentFetcher(opened)


def webhook_sender(settings: Settings) -> WebhookSender:
    """Return what sends events to webhooks."""

    def opened() -> WebhookSender:
        from adapters.webhook_sender import HttpWebhookSender  # noqa: PLC0415 - see above

        return HttpWebhookSender(
            insecure=settings.webhook_insecure, networks=settings.webhook_networks
        )

    return LateWebhookSender(opened)


def mailer(settings: Settings, clock: Clock) -> Mailer | None:
    """Return what hands mail over, None where mail is off."""
    url, sender = settings.smtp_url, settings.mail_from
    if url is None or sender is None:
        return None
    from adapters.smtp_mailer import SmtpMailer, SmtpServer  # noqa: PLC0415 - mail is mostly off

    server = SmtpServer(url.host, url.port, url.encrypted, url.username, url.password)
    return SmtpMailer(server, sender, clock)
