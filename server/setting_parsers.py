"""How the text of each setting is read. A parser returns the value or raises `ValueError` with what
would be right; it never repeats the text, which may be a secret."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from domain.feature import FEATURES
from domain.person import Role
from server.mail.settings import mail_from, smtp_url
from server.setting_urls import split_url
from server.telemetry.settings import (
    LogForm,
    LogLevel,
    MetricsReaders,
    metrics_token,
    otlp_url,
)

EMBEDDED = "embedded"
OFF = "off"
MOST_WORKERS = 64
MOST_A_MINUTE = 1_000_000
MOST_DIGITS = 9
LONGEST_GRACE = 300
"""Seconds; longer would hide a theft."""


class ClientDocuments(StrEnum):
    """What is done with client ids that are URLs of metadata documents: only those pinned in
    Doorward are known, others are fetched too, or that is advertised to every client as well."""

    PINNED = "pinned"
    ACCEPT = "accept"
    ADVERTISE = "advertise"


class LocalAccounts(StrEnum):
    """Whether people may sign in with a password of Doorward's own. `auto`: where no identity
    provider is set, and then only on this machine."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


def _text(value: str) -> str:
    return value


def _number(value: str, least: int, most: int, of: str = "", least_is: str = "") -> int:
    digits = value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS
    if not digits or not least <= int(value) <= most:
        msg = f"it must be a number{of} from {least}{least_is} to {most}"
        raise ValueError(msg)
    return int(value)


def _port(value: str) -> int:
    return _number(value, 1, 65_535)


def worker_count(value: str) -> int:
    """Read how many processes are to serve; raises `ValueError`."""
    return _number(value, 1, MOST_WORKERS)


def _public_url(value: str) -> str:
    url = split_url(value)
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
    if value in (EMBEDDED, OFF):
        return value
    servers = _words(value)
    named = all(split_url(one).hostname for one in servers)
    if (
        not named
        or not servers
        or not all(one.startswith(("nats://", "tls://")) for one in servers)
    ):
        msg = f"it must be {EMBEDDED}, {OFF}, or nats:// or tls:// URLs, by comma"
        raise ValueError(msg)
    if len({one.partition("://")[0] for one in servers}) > 1:
        msg = "all its servers are nats://, or all tls://"
        raise ValueError(msg)
    return ",".join(servers)


def _nats_replicas(value: str) -> int:
    if value == "auto":
        return 0
    if value not in ("1", "3", "5"):
        msg = "it must be auto, 1, 3 or 5"
        raise ValueError(msg)
    return int(value)


def _tenant(value: str) -> str:
    if not value.replace("-", "").replace("_", "").isalnum() or not value.isascii():
        msg = "letters, digits, - and _ only: it is a part of every NATS subject"
        raise ValueError(msg)
    return value


def _features(value: str) -> frozenset[str]:
    named = frozenset(filter(None, (name.strip() for name in value.split(","))))
    if unknown := named - FEATURES.keys():
        msg = f"no feature is called {', '.join(sorted(unknown))}; there are {', '.join(sorted(FEATURES))}"
        raise ValueError(msg)
    return named


def _password(value: str) -> str:
    if len(value) < 8:  # noqa: PLR2004 - NIST SP 800-63B §3.1.1.2
        msg = "a password has at least 8 characters"
        raise ValueError(msg)
    return value


def _switch(value: str) -> bool:
    if value not in ("on", "off"):
        msg = "it is on or off"
        raise ValueError(msg)
    return value == "on"


def _choice(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    def parse(value: str) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            msg = f"it must be one of {', '.join(kind)}"
            raise ValueError(msg) from None

    return parse


def _words(value: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in value.split(","))))


def _grace(value: str) -> timedelta:
    return timedelta(seconds=_number(value, 0, LONGEST_GRACE, " of seconds"))


def _networks(value: str) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(word)) for word in _words(value))
    except ValueError:
        msg = "addresses or networks by comma, such as 10.0.0.1 or 192.168.0.0/16"
        raise ValueError(msg) from None


def _hosts(value: str) -> frozenset[str]:
    hosts = frozenset(word.lower() for word in _words(value))
    if any(set("/:@ ") & set(host) for host in hosts):
        msg = "host names by comma, without scheme or port; * for any public host"
        raise ValueError(msg)
    return hosts


def _origins(value: str) -> tuple[str, ...]:
    origins = _words(value)
    for origin in origins:
        url = split_url(origin)
        if url.scheme not in ("http", "https") or not url.hostname or url.path or url.query:
            msg = "origins by comma, such as https://inspector.example"
            raise ValueError(msg)
    return origins


def _issuer(value: str) -> str:
    url = split_url(value)
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        msg = "http is for loopback only; use https"
        raise ValueError(msg)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        msg = "it must be the https URL that the provider's metadata calls issuer"
        raise ValueError(msg)
    return value


def _timestamp_url(value: str) -> str:
    url = split_url(value)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("it must be the http or https URL of a time-stamp authority")
    return value


def _rate(value: str) -> int:
    return _number(value, 0, MOST_A_MINUTE, least_is=", which is no limit,")


def _roles(value: str) -> Mapping[str, Role]:
    """Read ``group=role`` pairs."""
    pairs = [word.partition("=") for word in _words(value)]
    known = ", ".join(Role)
    try:
        return {group.strip(): Role(role.strip()) for group, _, role in pairs if group.strip()}
    except ValueError:
        msg = f"pairs of group=role by comma; roles are {known}"
        raise ValueError(msg) from None


PARSERS: Mapping[str, Callable[[str], object]] = {
    "host": _text,
    "port": _port,
    "workers": worker_count,
    "public_url": _public_url,
    "data_dir": Path,
    "keys_dir": Path,
    "database_url": _database_url,
    "nats_url": _nats_url,
    "nats_replicas": _nats_replicas,
    "nats_credentials": Path,
    "nats_reader_credentials": Path,
    "nats_ca": Path,
    "nats_cert": Path,
    "nats_key": Path,
    "nats_tls_first": _switch,
    "nats_insecure": _switch,
    "tenant": _tenant,
    "features": _features,
    "demo_password": _password,
    "local_accounts": _choice(LocalAccounts),
    "trusted_proxies": _networks,
    "allowed_origins": _origins,
    "rate_limits": _switch,
    "calls_per_minute": _rate,
    "writes_per_minute": _rate,
    "refresh_grace": _grace,
    "continue_page": _switch,
    "client_documents": _choice(ClientDocuments),
    "client_document_hosts": _hosts,
    "oidc_issuer": _issuer,
    "oidc_client_id": _text,
    "oidc_client_secret": _text,
    "oidc_name": _text,
    "oidc_scopes": _text,
    "oidc_username_claim": _text,
    "oidc_groups_claim": _text,
    "oidc_manager_claim": _text,
    "oidc_external_id_claim": _text,
    "oidc_roles": _roles,
    "webhook_insecure": _switch,
    "webhook_networks": _networks,
    "smtp_url": smtp_url,
    "mail_from": mail_from,
    "thesaurus": Path,
    "semantic_model": Path,
    "checkpoint_file": Path,
    "timestamp_url": _timestamp_url,
    "metrics": _choice(MetricsReaders),
    "metrics_token": metrics_token,
    "otlp_url": otlp_url,
    "log": _choice(LogForm),
    "log_level": _choice(LogLevel),
    "access_log": _switch,
}
"""Each setting's name, and how its text is read."""
