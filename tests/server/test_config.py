"""Settings: one value, built once; what is unknown or malformed is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.person import Role
from server.config import BadSetting, Settings, load_settings
from server.setting_parsers import PARSERS, ClientDocuments, LocalAccounts

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_without_any_setting_it_serves_this_machine_with_everything_embedded() -> None:
    settings = load_settings({"PATH": "/bin"})
    assert settings == Settings()
    assert settings.issuer == "http://127.0.0.1:8000"
    assert settings.store_url == "sqlite:///data/doorward.db"
    assert settings.nats_url == "embedded"


def test_every_setting_is_read() -> None:
    settings = load_settings(
        {
            "DOORWARD_HOST": "::1",
            "DOORWARD_PORT": "9000",
            "DOORWARD_PUBLIC_URL": "https://doorward.example/",
            "DOORWARD_DATA_DIR": "/srv/doorward",
            "DOORWARD_DATABASE_URL": "postgresql://doorward@db/doorward",
            "DOORWARD_NATS_URL": "tls://nats-a.example, tls://nats-b.example",
            "DOORWARD_NATS_REPLICAS": "5",
            "DOORWARD_TENANT": "eu-1",
            "DOORWARD_FEATURES": "cancel_access_request",
            "DOORWARD_DEMO_PASSWORD": "correct horse",
            "DOORWARD_LOCAL_ACCOUNTS": "on",
            "DOORWARD_TRUSTED_PROXIES": "10.0.0.1, 192.168.0.0/16",
            "DOORWARD_ALLOWED_ORIGINS": "https://inspector.example",
            "DOORWARD_RATE_LIMITS": "off",
            "DOORWARD_REFRESH_GRACE": "0",
            "DOORWARD_CONTINUE_PAGE": "off",
            "DOORWARD_CLIENT_DOCUMENTS": "advertise",
            "DOORWARD_CLIENT_DOCUMENT_HOSTS": "Claude.ai, clients.example",
            "DOORWARD_OIDC_ISSUER": "https://login.example/tenant",
            "DOORWARD_OIDC_CLIENT_ID": "doorward",
            "DOORWARD_OIDC_ROLES": "it-admins=administrator, audit=auditor",
        }
    )
    assert settings.issuer == "https://doorward.example"
    assert settings.data_dir == Path("/srv/doorward")
    assert not settings.on_sqlite
    assert settings.nats_url == "tls://nats-a.example,tls://nats-b.example"
    assert settings.nats_replicas == 5
    assert settings.local_accounts is LocalAccounts.ON
    assert settings.trusted_proxies == ("10.0.0.1/32", "192.168.0.0/16")
    assert settings.client_documents is ClientDocuments.ADVERTISE
    assert settings.client_document_hosts == {"claude.ai", "clients.example"}
    assert settings.oidc_roles == {"it-admins": Role.ADMINISTRATOR, "audit": Role.AUDITOR}
    assert (settings.rate_limits, settings.continue_page) == (False, False)
    assert settings.refresh_grace.total_seconds() == 0
    assert Settings(host="::1").issuer == "http://[::1]:8000"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("DOORWARD_PROT", "1", "DOORWARD_PROT is not a setting"),
        ("DOORWARD_PORT", "http", "DOORWARD_PORT is malformed"),
        ("DOORWARD_PORT", "abc", "it must be a number from 1 to 65535"),
        ("DOORWARD_PORT", "9" * 5_000, "it must be a number from 1 to 65535"),
        ("DOORWARD_PORT", "0", "from 1 to 65535"),
        ("DOORWARD_WORKERS", "abc", "it must be a number from 1 to 64"),
        ("DOORWARD_REFRESH_GRACE", "abc", "it must be a number of seconds from 0 to 300"),
        ("DOORWARD_PORT", "65536", "from 1 to 65535"),
        ("DOORWARD_PUBLIC_URL", "doorward.example", "must be an http or https URL"),
        ("DOORWARD_PUBLIC_URL", "https://doorward.example/path", "must not have a path"),
        ("DOORWARD_PUBLIC_URL", "http://doorward.example", "http is for loopback only"),
        ("DOORWARD_PUBLIC_URL", "https://[", "its host or its port cannot be read"),
        ("DOORWARD_PUBLIC_URL", "https://x:abc", "its host or its port cannot be read"),
        ("DOORWARD_OTLP_URL", "http://x:99999", "its host or its port cannot be read"),
        ("DOORWARD_SMTP_URL", "smtp://x:abc", "its host or its port cannot be read"),
        ("DOORWARD_OIDC_ISSUER", "https://[x", "its host or its port cannot be read"),
        ("DOORWARD_NATS_URL", "nats://", "must be embedded, off, or nats://"),
        ("DOORWARD_NATS_URL", "nats://127.0.0.1:abc", "its host or its port cannot be read"),
        ("DOORWARD_DATABASE_URL", "mysql://x", "must begin with sqlite:/// or postgresql://"),
        ("DOORWARD_NATS_URL", "http://x", "must be embedded, off, or nats://"),
        ("DOORWARD_NATS_URL", "tls://a,b", "must be embedded, off, or nats://"),
        ("DOORWARD_NATS_URL", "tls://a,nats://b", "all tls://"),
        ("DOORWARD_NATS_URL", "nats://127.0.0.1,nats://nats.example", "is not encrypted"),
        ("DOORWARD_NATS_REPLICAS", "2", "auto, 1, 3 or 5"),
        ("DOORWARD_DATABASE_URL_FILE", "/nowhere/url", "names no file that can be read"),
        ("DOORWARD_PORT_FILE", "/nowhere/port", "DOORWARD_PORT_FILE is not a setting"),
        ("DOORWARD_CALLS_PER_MINUTE", "-1", "a number from 0, which is no limit"),
        ("DOORWARD_WRITES_PER_MINUTE", "many", "a number from 0, which is no limit"),
        ("DOORWARD_TENANT", "a.b", "letters, digits, - and _ only"),
        ("DOORWARD_FEATURES", "fly", "no feature is called fly; there are cancel_"),
        ("DOORWARD_DEMO_PASSWORD", "short", "at least 8 characters"),
        ("DOORWARD_LOCAL_ACCOUNTS", "maybe", "one of auto, on, off"),
        ("DOORWARD_LOCAL_ACCOUNTS", "off", "nobody could sign in"),
        ("DOORWARD_TRUSTED_PROXIES", "proxy", "addresses or networks by comma"),
        ("DOORWARD_ALLOWED_ORIGINS", "https://a.example/path", "origins by comma"),
        ("DOORWARD_RATE_LIMITS", "1", "on or off"),
        ("DOORWARD_REFRESH_GRACE", "3600", "from 0 to 300"),
        ("DOORWARD_CLIENT_DOCUMENTS", "all", "one of pinned, accept, advertise"),
        ("DOORWARD_CLIENT_DOCUMENT_HOSTS", "https://claude.ai", "without scheme"),
        ("DOORWARD_OIDC_ISSUER", "http://login.example", "http is for loopback only"),
        ("DOORWARD_OIDC_ISSUER", "https://login.example", "set together"),
        ("DOORWARD_OIDC_SCOPES", "profile", "openid among its words"),
        ("DOORWARD_OIDC_ROLES", "it=king", "pairs of group=role"),
    ],
)
def test_a_bad_setting_is_named_with_its_reason(name: str, value: str, why: str) -> None:
    with pytest.raises(BadSetting) as caught:
        load_settings({name: value})
    assert name in str(caught.value)
    assert why in str(caught.value)


def test_secrets_never_show() -> None:
    settings = load_settings(
        {
            "DOORWARD_DATABASE_URL": "postgresql://me:hunter2@db/x",
            "DOORWARD_NATS_URL": "tls://me:hunter2@nats",
            "DOORWARD_DEMO_PASSWORD": "hunter2hunter2",
        }
    )
    assert "hunter2" not in repr(settings)
    with pytest.raises(BadSetting) as caught:
        load_settings({"DOORWARD_DATABASE_URL": "mysql://me:hunter2@db/x"})
    assert "hunter2" not in str(caught.value)


def test_a_secret_can_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://me:hunter2@db/x\n")
    settings = load_settings({"DOORWARD_DATABASE_URL_FILE": str(file)})
    assert settings.store_url == "postgresql://me:hunter2@db/x"
    both = {"DOORWARD_DATABASE_URL_FILE": str(file), "DOORWARD_DATABASE_URL": "postgresql://db/x"}
    with pytest.raises(BadSetting, match="DOORWARD_DATABASE_URL_FILE are both set"):
        load_settings(both)


def test_the_readme_lists_every_setting() -> None:
    missing = [name for name in PARSERS if f"DOORWARD_{name.upper()}" not in README]
    assert missing == []
