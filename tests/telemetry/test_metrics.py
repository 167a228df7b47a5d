"""What `/metrics` says after real calls, and to whom."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from adapters.open_store import MEMORY
from domain.catalog import AppRecord, PutApp
from domain.values import AppId
from server.command_bus import UnitOfWork
from server.config import Settings
from server.observation.listening import listening
from server.telemetry.catalogue import BY_NAME, CATALOGUE, Kind, Source
from server.telemetry.settings import MetricsReaders
from server.telemetry.shown import ShownMetrics
from server.telemetry.tallies import Tallies
from server.wiring import open_system
from tests import seeds
from tests.mcp.wire import LEGACY
from tests.telemetry.scraping import parsed, scraped
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio
HERE, FROM_ELSEWHERE = ("127.0.0.1", 4711), ("203.0.113.9", 4711)
TOKEN = "a-token-for-metrics"


async def test_calls_are_counted_by_tool_era_and_outcome(web: Web) -> None:
    modern, legacy = await web.wire(), await web.wire(era=LEGACY)
    await modern.ask("search_apps", name_search="wiki")
    await legacy.ask("search_apps", name_search="wiki")
    await modern.ask("submit_access_request", app_id="wiki", business_justification="To write")
    await modern.refused("submit_access_request", app_id="none", business_justification="x")
    await modern.refused("search_apps", name_search=17)
    await modern.request("tools/call", {"name": "no such tool", "arguments": {}})
    metrics = await scraped(web)

    def calls(**labels: str) -> float:
        return metrics.value("doorward_mcp_calls_total", **labels)

    assert calls(tool="search_apps", era="modern", outcome="answered") == 1
    assert calls(tool="search_apps", era="handshake", outcome="answered") == 1
    assert calls(tool="search_apps", outcome="refused", code="invalid_arguments") == 1
    assert calls(tool="submit_access_request", outcome="answered", resource="/mcp/user") == 1
    assert calls(tool="submit_access_request", outcome="refused", code="unknown_app") == 1
    assert calls(tool="unknown", outcome="unknown_tool") == 1
    assert calls() == 6
    assert metrics.value("doorward_mcp_call_seconds_count", tool="search_apps") == 3


async def test_a_call_that_the_sdk_answers_is_counted_once(web: Web) -> None:
    wire = await web.wire(era=LEGACY)
    params = {"name": "search_apps", "arguments": {"name_search": "wiki"}, "unread": True}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    assert (await wire.post(body)).json()["result"]["structuredContent"]
    assert (await scraped(web)).value("doorward_mcp_calls_total") == 1


async def test_commands_and_events_are_counted_once_they_are_durable(web: Web) -> None:
    before = await scraped(web)
    wire = await web.wire()
    await wire.ask(
        "submit_access_request", app_id="wiki", business_justification="Why", dry_run=True
    )
    await wire.ask("submit_access_request", app_id="wiki", business_justification="To write")
    await wire.refused(
        "submit_access_request",
        app_id="crm",
        requestable_permission_ids=["vault:opener"],
        business_justification="To write",
    )
    after = await scraped(web)

    def grown(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    assert grown("doorward_events_appended_total", topic="access_request.submitted") == 1
    assert grown("doorward_commands_total", command="submit_request", outcome="changed") == 1
    assert grown("doorward_commands_total", command="submit_request", outcome="previewed") == 1
    assert grown("doorward_events_appended_total") == after.value(
        "doorward_log_position"
    ) - before.value("doorward_log_position")
    assert grown("doorward_commits_total", outcome="done") == grown("doorward_commit_jobs_count")
    assert grown("doorward_job_wait_seconds_count") == grown("doorward_commit_jobs_sum")


async def test_what_is_rolled_back_and_run_again_counts_once(web: Web) -> None:
    before = await scraped(web)
    put = PutApp(AppId("spoilt"), AppRecord("Spoilt", ""))

    def fails(work: UnitOfWork) -> None:
        work.execute(put, seeds.CONTEXT)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await web.system.bus.call(fails)
    await web.execute(PutApp(AppId("good"), AppRecord("Good", "")))
    after = await scraped(web)
    added = [
        one.value("doorward_events_appended_total", topic="app.added") for one in (before, after)
    ]
    assert added[1] - added[0] == 1
    assert after.value("doorward_commits_total", outcome="rolled_back") == 1


async def test_lags_rise_while_nobody_follows_and_fall_when_somebody_does(web: Web) -> None:
    for one in web.system.followers:
        one.catch_up()
    await web.execute(PutApp(AppId("new"), AppRecord("New", "")))
    behind = await scraped(web)
    assert behind.value("doorward_projection_lag_events", projection="catalog") == 1
    for one in web.system.followers:
        one.catch_up()
    assert (await scraped(web)).value("doorward_projection_lag_events") == 0


async def test_requests_are_counted_by_template_alone(web: Web) -> None:
    await web.http.get(f"{web.issuer}/requests/some-request-of-alice")
    await web.http.get(f"{web.issuer}/no/such/page/of-alice")
    await web.http.request("BREW", f"{web.issuer}/healthz")
    metrics = await scraped(web)
    count = "doorward_http_requests_total"
    assert metrics.value(count, route="/requests/{request_id}") == 1
    assert metrics.value(count, route="none", status="404") == 1
    assert metrics.value(count, method="other") == 1
    assert "of-alice" not in metrics.text
    assert "BREW" not in metrics.text


async def test_sign_ins_and_tokens_are_counted(web: Web) -> None:
    await web.wire()
    await web.http.post(f"{web.issuer}/token", data={"grant_type": "password", "client_id": "x"})
    metrics = await scraped(web)
    tokens = "doorward_token_requests_total"
    assert metrics.value(tokens, grant_type="authorization_code", result="issued") == 1
    assert metrics.value(tokens, grant_type="other") == 1
    assert metrics.value("doorward_sign_ins_total", way="password", result="done") == 1


async def test_every_metric_is_in_the_catalogue_and_every_one_of_it_is_shown(web: Web) -> None:
    await (await web.wire()).ask("search_apps", name_search="wiki")
    text = (await scraped(web)).text
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    declared = {one.sample for one in CATALOGUE}
    assert shown <= declared
    # What is the store's has no line while there is nothing to tell: no webhook, no NATS.
    absent = {one.removeprefix("doorward_").split("_")[0] for one in declared - shown}
    assert absent <= {"webhook", "publisher"}


async def test_openmetrics_is_answered_to_whoever_asks_for_it(web: Web) -> None:
    accept = "application/openmetrics-text; version=1.0.0"
    answer = await web.http.get(f"{web.issuer}/metrics", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    families = text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
    assert list(families)


async def test_a_metric_of_processes_has_no_more_labels_than_the_code_has_names() -> None:
    """Two label values that callers choose would be without bounds: none has such a name."""
    forbidden = {"person", "user", "subject", "client", "request", "app", "path", "url", "address"}
    assert not [one.name for one in CATALOGUE if forbidden & set(one.labels)]


async def test_tallies_of_many_threads_lose_nothing() -> None:
    tallies, shown, stop = Tallies(), ShownMetrics(), threading.Event()

    def add() -> None:
        for _ in range(5_000):
            tallies.count("doorward_mails", "sent")
            tallies.observe("doorward_webhook_seconds", 0.2)

    def move() -> None:
        while not stop.is_set():
            tallies.move(shown)

    mover = threading.Thread(target=move)
    adders = [threading.Thread(target=add) for _ in range(4)]
    for one in (mover, *adders):
        one.start()
    for one in adders:
        one.join()
    stop.set()
    mover.join()
    tallies.move(shown)
    metrics = parsed(shown.text("", [])[0].decode())
    assert metrics.value("doorward_mails_total", outcome="sent") == 20_000
    assert metrics.value("doorward_webhook_seconds_count") == 20_000
    assert metrics.value("doorward_webhook_seconds_sum") == pytest.approx(4_000)
    assert metrics.value("doorward_webhook_seconds_bucket", le="0.25") == 20_000
    assert metrics.value("doorward_webhook_seconds_bucket", le="0.1") == 0


async def status(settings: Settings, client: tuple[str, int], **headers: str) -> int:
    """Ask a server with these settings for its metrics; return the status."""
    with listening(settings) as telemetry, open_system(settings, telemetry) as system:
        async with web_of(system) as web:
            transport = httpx.ASGITransport(web.transport.app, client=client)
            async with httpx.AsyncClient(transport=transport) as http:
                host = headers.pop("host", "127.0.0.1:8000")
                return (await http.get(f"http://{host}/metrics", headers=headers)).status_code


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=MEMORY, nats_url="off")


async def test_this_machine_alone_may_read_unless_a_setting_says_otherwise(
    settings: Settings,
) -> None:
    assert await status(settings, HERE) == 200
    assert await status(settings, ("::ffff:127.0.0.1", 1)) == 200
    assert await status(settings, ("::1", 1), host="[::1]:8000") == 200
    assert await status(settings, FROM_ELSEWHERE) == 403
    assert await status(replace(settings, metrics=MetricsReaders.ON), FROM_ELSEWHERE) == 200
    assert await status(replace(settings, metrics=MetricsReaders.OFF), HERE) == 404


@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host"]
)
async def test_what_a_proxy_on_this_machine_passes_on_is_not_from_this_machine(
    settings: Settings, header: str
) -> None:
    assert await status(settings, HERE, **{header: "127.0.0.1"}) == 403


async def test_a_name_that_is_not_this_machines_own_is_not_believed(settings: Settings) -> None:
    """As behind a proxy that keeps the name, and as after a rebinding of DNS."""
    assert await status(settings, HERE, host="doorward.example.com") == 403


async def test_with_a_token_it_is_the_token_that_counts(settings: Settings) -> None:
    guarded = replace(settings, metrics_token=TOKEN)
    assert await status(guarded, HERE) == 401
    assert await status(guarded, HERE, authorization="Bearer wrong-token-for-it") == 401
    assert await status(guarded, FROM_ELSEWHERE, authorization=f"Bearer {TOKEN}") == 200
    off = replace(guarded, metrics=MetricsReaders.OFF)
    assert await status(off, FROM_ELSEWHERE, authorization=f"Bearer {TOKEN}") == 200


def test_the_catalogue_is_well_formed() -> None:
    assert len(BY_NAME) == len(CATALOGUE)
    for one in CATALOGUE:
        assert one.name.startswith("doorward_")
        assert one.help
        assert (one.kind is Kind.HISTOGRAM) == bool(one.buckets)
        assert one.source is not Source.STORE or one.kind is Kind.GAUGE
