"""The settings of what a server tells of itself, and how their text is read."""

from __future__ import annotations

from enum import StrEnum

from server.setting_urls import split_url

LEAST_TOKEN = 16


class MetricsReaders(StrEnum):
    """Who may read metrics without a token: programs on this machine, anybody, nobody."""

    LOOPBACK = "loopback"
    ON = "on"
    OFF = "off"


class LogForm(StrEnum):
    """How a line of the log looks: words for people, or a JSON object for programs."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which severity on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def metrics_token(value: str) -> str:
    """Read a token for metrics."""
    if len(value) < LEAST_TOKEN or not value.isascii() or not value.isprintable() or " " in value:
        msg = f"at least {LEAST_TOKEN} printable ASCII characters without blanks"
        raise ValueError(msg)
    return value


def otlp_url(value: str) -> str:
    """Read the URL of an OpenTelemetry collector."""
    url = split_url(value)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        msg = "it must be the http or https URL of an OpenTelemetry collector, as http://collector:4318"
        raise ValueError(msg)
    if url.username or url.password:
        msg = "it must hold no password: set OTEL_EXPORTER_OTLP_HEADERS instead"
        raise ValueError(msg)
    return value.rstrip("/")
