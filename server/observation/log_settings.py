"""Logging as the settings say, with everything hidden that is secret by them."""

from __future__ import annotations

from server.config import Settings
from server.telemetry.logs import log, passwords_of


def log_as(settings: Settings) -> None:
    """Log from now on as the settings say."""
    secrets = [
        settings.oidc_client_secret,
        settings.demo_password or "",
        settings.metrics_token,
        settings.smtp_url.password if settings.smtp_url else "",
        *passwords_of(settings.database_url, settings.nats_url),
    ]
    log(settings.log, settings.log_level, access=settings.access_log, secrets=secrets)
