"""What is logged, a line each on stderr: in words, or as JSON objects for programs. Text that is a secret by the
settings never stands in either, whatever a library puts into its faults."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from domain.trace_context import span_id, trace_id
from server.telemetry.current import current_traceparent
from server.telemetry.settings import LogForm, LogLevel

TEXT = "%(levelname)s %(name)s: %(message)s"
ACCESS_LOG = "doorward.access"
HIDDEN = "[hidden]"
SHORTEST_SECRET = 4


class _Hiding(logging.Formatter):
    """Writes words, without secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(TEXT)
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the stack of an error under it."""
        return self.hidden(super().format(record))

    def hidden(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class _Json(_Hiding):
    """Writes a JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.hidden(record.getMessage()),
            "pid": os.getpid(),
        }
        parent = current_traceparent()
        if parent is not None:
            line |= {"trace_id": trace_id(parent), "span_id": span_id(parent)}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__qualname__
            line["stack"] = self.hidden(self.formatException(record.exc_info))
        return json.dumps(line)


def log(form: LogForm, level: LogLevel, *, access: bool, secrets: Iterable[str]) -> None:
    """Log from now on like this; `access` logs every request that was answered, too."""
    formatter = _Json(secrets) if form is LogForm.JSON else _Hiding(secrets)
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # A warning of Python's own is a line like any other.
    logging.captureWarnings(capture=True)
    logging.getLogger(ACCESS_LOG).setLevel(logging.INFO if access else logging.WARNING)


def passwords_of(*urls: str) -> list[str]:
    """Return what is secret in URLs, as it stands there and as it is meant."""
    found = [_password(one) for url in urls for one in url.split(",")]
    # What is that short is in half of all words, and no secret.
    return [one for text in found for one in {text, unquote(text)} if len(one) >= SHORTEST_SECRET]


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        # Whoever opens it says what is wrong with it, and repeats none of it.
        return ""
