"""The settings: one frozen value built once from ``DOORWARD_*`` variables. An unknown or malformed
one is fatal and named. Nobody else reads the environment. Secrets never show in `repr`."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Parsed = TypeVar("Parsed")
PREFIX = "DOORWARD_"
EMBEDDED = "embedded"
OFF = "off"
FEATURES = frozenset({"cancel_access_request"})
"""What can be switched on by name; everything is off by default."""


class BadSetting(Exception):  # noqa: N818 - says what is
    """A setting is unknown or malformed; the message names it and never shows a secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen, where data lives, which NATS, which sign-in."""

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    data_dir: Path = Path("data")
    database_url: str = field(default="", repr=False)
    nats_url: str = field(default=EMBEDDED, repr=False)
    tenant: str = "main"
    features: frozenset[str] = frozenset()
    demo_password: str | None = field(default=None, repr=False)

    @property
    def issuer(self) -> str:
        """The public URL without a trailing slash, exactly as in all metadata."""
        return self.public_url or f"http://{self._authority}"

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def store_url(self) -> str:
        """The database's URL; a file in the data folder unless set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'doorward.db'}"

    @property
    def on_sqlite(self) -> bool:
        """Whether the store is a SQLite file, which one process alone may write."""
        return self.store_url.startswith("sqlite:")


def _text(value: str) -> str:
    return value


def _port(value: str) -> int:
    port = int(value)
    if not 0 < port < 65536:  # noqa: PLR2004 - the range of TCP ports
        msg = "a port is a number from 1 to 65535"
        raise ValueError(msg)
    return port


def _public_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query:
        msg = "it must be an http or https URL without user, query or fragment"
        raise ValueError(msg)
    if url.path not in ("", "/") or url.fragment:
        msg = "it must not have a path: clients look for metadata at the root"
        raise ValueError(msg)
    if url.scheme == "http" and not is_loopback(url.hostname):
        msg = "http is for loopback only; use https"
        raise ValueError(msg)
    return value.rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _database_url(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
        msg = "it must begin with sqlite:/// or postgresql://"
        raise ValueError(msg)
    return value


def _nats_url(value: str) -> str:
    if value not in (EMBEDDED, OFF) and not value.startswith(("nats://", "tls://")):
        msg = f"it must be {EMBEDDED}, {OFF}, or a nats:// or tls:// URL"
        raise ValueError(msg)
    return value


def _tenant(value: str) -> str:
    if not value.replace("-", "").replace("_", "").isalnum() or not value.isascii():
        msg = "letters, digits, - and _ only: it is a part of every NATS subject"
        raise ValueError(msg)
    return value


def _features(value: str) -> frozenset[str]:
    named = frozenset(filter(None, (name.strip() for name in value.split(","))))
    if unknown := named - FEATURES:
        msg = f"no feature is called {', '.join(sorted(unknown))}; there are {sorted(FEATURES)}"
        raise ValueError(msg)
    return named


def _password(value: str) -> str:
    if len(value) < 8:  # noqa: PLR2004 - NIST SP 800-63B §3.1.1.2
        msg = "a password has at least 8 characters"
        raise ValueError(msg)
    return value


PARSERS: Mapping[str, Callable[[str], object]] = {
    "host": _text,
    "port": _port,
    "public_url": _public_url,
    "data_dir": Path,
    "database_url": _database_url,
    "nats_url": _nats_url,
    "tenant": _tenant,
    "features": _features,
    "demo_password": _password,
}
"""Each setting's name, and how its text is read."""


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment; raises `BadSetting`."""
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    known = {one.name for one in fields(Settings)}
    if unknown := sorted(set(given) - known):
        msg = f"{PREFIX}{unknown[0].upper()} is not a setting of Doorward"
        raise BadSetting(msg)
    parsed: dict[str, object] = {}
    for name, value in given.items():
        try:
            parsed[name] = PARSERS[name](value)
        except ValueError as fault:
            msg = f"{PREFIX}{name.upper()} is malformed: {fault}"
            raise BadSetting(msg) from None
    return Settings(**parsed)  # type: ignore[arg-type]  # each parser returns its field's type
