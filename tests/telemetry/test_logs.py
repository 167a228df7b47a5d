"""What is logged, and what never is."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.trace_context import traceparent
from server.config import Settings
from server.observation.log_settings import log_as
from server.telemetry.current import within
from server.telemetry.logs import ACCESS_LOG
from server.telemetry.settings import LogForm, LogLevel
from tests.telemetry.test_trace_context import GOOD
from tests.web import Web


@pytest.fixture(autouse=True)
def kept_logging() -> Iterator[None]:
    """Leave logging as it was."""
    root, access = logging.getLogger(), logging.getLogger(ACCESS_LOG)
    handlers, level, access_level = root.handlers[:], root.level, access.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    access.setLevel(access_level)


def lines(said: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.splitlines()]


def test_a_line_of_json_holds_what_programs_look_for(capsys: pytest.CaptureFixture[str]) -> None:
    log_as(Settings(log=LogForm.JSON))
    with within(traceparent(GOOD)):
        logging.getLogger("server.mail").warning("a mail %s\nwaits", "for long")
    logging.getLogger("server.mail").info("nobody hears this")
    (line,) = lines(capsys.readouterr().err)
    assert line["level"] == "warning"
    assert line["logger"] == "server.mail"
    assert line["message"] == "a mail for long\nwaits"
    assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert line["span_id"] == "00f067aa0ba902b7"
    assert str(line["time"]).endswith("Z")
    assert isinstance(line["pid"], int)


def test_an_error_has_its_type_and_its_stack_in_the_same_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log_as(Settings(log=LogForm.JSON, log_level=LogLevel.ERROR))
    try:
        dict[str, str]()["missing"]
    except KeyError:
        logging.getLogger("x").exception("it failed")
    (line,) = lines(capsys.readouterr().err)
    assert line["error"] == "KeyError"
    assert "test_logs.py" in str(line["stack"])
    assert "trace_id" not in line


@pytest.mark.parametrize("form", LogForm)
def test_secrets_of_the_settings_are_in_no_line(
    form: LogForm, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(
        log=form,
        database_url="postgresql://doorward:data%2Fbase@host/name",
        nats_url="nats://user:nats-word@one:4222,nats://user:other-word@two:4222",
        oidc_client_secret="client-word",
        metrics_token="metrics-token-word",
    )
    log_as(settings)
    said = "data%2Fbase data/base nats-word other-word client-word metrics-token-word"
    try:
        Path(f"cannot reach {said}").read_text()
    except OSError:
        logging.getLogger("x").exception("with %s", said)
    text = capsys.readouterr().err
    assert not [word for word in said.split() if word in text]
    assert text.count("[hidden]") >= 12


@pytest.mark.anyio
async def test_the_access_log_holds_routes_and_no_urls(
    small_web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    log_as(Settings(log=LogForm.JSON, access_log=True))
    await small_web.http.get(f"{small_web.issuer}/authorize?code=very-secret&client_id=alice")
    await small_web.http.get(f"{small_web.issuer}/requests/of-alice?then=very-secret")
    await small_web.http.get(f"{small_web.issuer}/no/such/alice")
    text = capsys.readouterr().err
    routes = [str(one["message"]).split()[:3] for one in lines(text)]
    assert [one[1] for one in routes] == ["/authorize", "/requests/{request_id}", "none"]
    assert "secret" not in text
    assert "alice" not in text


@pytest.mark.anyio
async def test_nothing_is_logged_of_requests_unless_it_is_asked_for(
    small_web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    log_as(Settings(log_level=LogLevel.INFO))
    await small_web.http.get(f"{small_web.issuer}/healthz")
    assert "doorward.access" not in capsys.readouterr().err
