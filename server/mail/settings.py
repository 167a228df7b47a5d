"""How the settings of mail are read: a URL that names the mail server, and who the mail is from. Like
all parsers they say what would be right, and never repeat the text, which holds a password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from domain.outgoing import is_mail_address
from server.setting_urls import split_url

if TYPE_CHECKING:
    from email.headerregistry import Address

_PORTS = {"smtp": 587, "smtps": 465}
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]{0,100}")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over; `encrypted` from the first byte, or by STARTTLS."""

    host: str
    port: int
    encrypted: bool
    username: str = ""
    password: str = field(default="", repr=False)


def smtp_url(value: str) -> MailServer:
    """Read ``smtp://user:password@host:587`` or ``smtps://...``; user and password percent-encoded."""
    wrong = "it must be smtp://user:password@host:587 or smtps://..., without a path"
    url = split_url(value)
    port = url.port
    if url.scheme not in _PORTS or not url.hostname or url.path not in ("", "/"):
        raise ValueError(wrong)
    if url.query or url.fragment or bool(url.username) != bool(url.password) or port == 0:
        raise ValueError(wrong)
    return MailServer(
        host=url.hostname,
        port=port or _PORTS[url.scheme],
        encrypted=url.scheme == "smtps",
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
    )


def mail_from(value: str) -> Address:
    """Read ``doorward@example.com`` or ``Doorward <doorward@example.com>``."""
    from email.headerregistry import Address  # noqa: PLC0415 - mail is mostly off
    from email.utils import parseaddr  # noqa: PLC0415 - likewise

    name, address = parseaddr(value)
    if not is_mail_address(address) or not _NAME.fullmatch(value) or "=?" in value:
        msg = "it must be an address, such as Doorward <doorward@example.com>"
        raise ValueError(msg)
    return Address(display_name=name, addr_spec=address)
