"""The settings: one frozen value built once from ``DOORWARD_*`` variables. An unknown or malformed
one is fatal and named. Nobody else reads the environment. Secrets never show in `repr`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from domain.person import Role
from domain.token_family import GRACE
from server.mail.settings import MailServer
from server.setting_parsers import (
    EMBEDDED,
    OFF,
    PARSERS,
    ClientDocuments,
    LocalAccounts,
    is_loopback,
)
from server.telemetry.settings import LogForm, LogLevel, MetricsReaders

if TYPE_CHECKING:
    from email.headerregistry import Address

PREFIX = "DOORWARD_"
SECRETS = frozenset(
    {
        "database_url",
        "nats_url",
        "oidc_client_secret",
        "smtp_url",
        "demo_password",
        "metrics_token",
    }
)
"""What may be read from a file instead: ``DOORWARD_DATABASE_URL_FILE`` names one."""
KNOWN_DOCUMENT_HOSTS = frozenset(
    ["claude.ai", "chatgpt.com", "vscode.dev", "zed.dev", "opencode.ai"]
)


class BadSetting(Exception):  # noqa: N818 - says what is
    """A setting is unknown or malformed; the message names it and never shows a secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen, where data lives, which NATS, which sign-in."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    public_url: str = ""
    data_dir: Path = Path("data")
    keys_dir: Path | None = None
    database_url: str = field(default="", repr=False)
    nats_url: str = field(default=EMBEDDED, repr=False)
    nats_replicas: int = 0
    nats_credentials: Path | None = None
    nats_reader_credentials: Path | None = None
    nats_ca: Path | None = None
    nats_cert: Path | None = None
    nats_key: Path | None = None
    nats_tls_first: bool = False
    nats_insecure: bool = False
    tenant: str = "main"
    features: frozenset[str] = frozenset()
    """Which are on until somebody switches them: see `domain.feature`."""
    demo_password: str | None = field(default=None, repr=False)
    local_accounts: LocalAccounts = LocalAccounts.AUTO
    trusted_proxies: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    rate_limits: bool = True
    calls_per_minute: int = 30_000
    writes_per_minute: int = 3_000
    refresh_grace: timedelta = GRACE
    continue_page: bool = True
    client_documents: ClientDocuments = ClientDocuments.ACCEPT
    client_document_hosts: frozenset[str] = KNOWN_DOCUMENT_HOSTS
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_name: str = "your organisation"
    oidc_scopes: str = "openid profile email"
    oidc_username_claim: str = "preferred_username"
    oidc_groups_claim: str = "groups"
    oidc_manager_claim: str = "manager"
    oidc_external_id_claim: str = ""
    oidc_roles: Mapping[str, Role] = field(default_factory=dict)
    webhook_insecure: bool = False
    webhook_networks: tuple[str, ...] = ()
    smtp_url: MailServer | None = field(default=None, repr=False)
    mail_from: Address | None = None
    thesaurus: Path | None = None
    semantic_model: Path | None = None
    checkpoint_file: Path | None = None
    timestamp_url: str = ""
    metrics: MetricsReaders = MetricsReaders.LOOPBACK
    metrics_token: str = field(default="", repr=False)
    otlp_url: str = ""
    log: LogForm = LogForm.TEXT
    log_level: LogLevel = LogLevel.WARNING
    access_log: bool = False

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
    def exposed(self) -> bool:
        """Whether others than this machine's own programs can reach the server."""
        return not (is_loopback(self.host) and is_loopback(urlsplit(self.issuer).hostname or ""))

    @property
    def signs_in_locally(self) -> bool:
        """Whether people may sign in with a local account."""
        if self.local_accounts is LocalAccounts.AUTO:
            return not self.oidc_issuer
        return self.local_accounts is LocalAccounts.ON

    @property
    def on_sqlite(self) -> bool:
        """Whether the store is a SQLite file, which one process alone may write."""
        return self.store_url.startswith("sqlite:")


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment; raises `BadSetting`."""
    given = _given(environment)
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
    settings = Settings(**parsed)  # type: ignore[arg-type]  # each parser returns its field's type
    _check_together(settings)
    return settings


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each setting that is set, secrets read from the files that hold them."""
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    for name in sorted(SECRETS):
        file = f"{name}_file"
        if file not in given:
            continue
        if name in given:
            raise BadSetting(f"{PREFIX}{name.upper()} and {PREFIX}{file.upper()} are both set")
        try:
            given[name] = Path(given.pop(file)).read_text().strip()
        except (OSError, UnicodeDecodeError):
            raise BadSetting(f"{PREFIX}{file.upper()} names no file that can be read") from None
    return given


def _check_together(settings: Settings) -> None:
    """Raise `BadSetting` where settings that are well-formed alone do not fit together."""
    if bool(settings.oidc_issuer) != bool(settings.oidc_client_id):
        msg = f"{PREFIX}OIDC_ISSUER and {PREFIX}OIDC_CLIENT_ID are set together or not at all"
        raise BadSetting(msg)
    if not settings.oidc_issuer and settings.local_accounts is LocalAccounts.OFF:
        msg = f"{PREFIX}LOCAL_ACCOUNTS is off and {PREFIX}OIDC_ISSUER unset: nobody could sign in"
        raise BadSetting(msg)
    if (settings.smtp_url is None) != (settings.mail_from is None):
        msg = f"{PREFIX}SMTP_URL and {PREFIX}MAIL_FROM are set together or not at all"
        raise BadSetting(msg)
    _check_nats(settings)
    if "openid" not in settings.oidc_scopes.split():
        msg = f"{PREFIX}OIDC_SCOPES is malformed: it must have openid among its words"
        raise BadSetting(msg)


def _check_nats(settings: Settings) -> None:
    """Events name people, and commands decide on access: neither goes unencrypted over a network."""
    if settings.nats_url in (EMBEDDED, OFF):
        return
    if bool(settings.nats_cert) != bool(settings.nats_key):
        raise BadSetting(f"{PREFIX}NATS_CERT and {PREFIX}NATS_KEY are set together or not at all")
    servers = settings.nats_url.split(",")
    here = all(is_loopback(urlsplit(one).hostname or "") for one in servers)
    encrypted = settings.nats_url.startswith("tls://") or settings.nats_ca or settings.nats_cert
    if not (encrypted or settings.nats_tls_first or here or settings.nats_insecure):
        raise BadSetting(
            f"{PREFIX}NATS_URL is not encrypted: use tls://, or set {PREFIX}NATS_CA; "
            f"{PREFIX}NATS_INSECURE=on lets it be"
        )
