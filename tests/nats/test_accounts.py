"""Integrations on NATS: each in an account of its own, let in and out while the server runs; and the
doctor, who finds a server that is not safe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats.errors
import pytest

from adapters.integration_consumers import ensure_consumers
from adapters.jetstream import EVENTS, OUTCOMES, ensure_streams
from adapters.nats_accounts import EngineUser, accounts, new_nats_key
from adapters.nats_attacks import ATTACKS, Scene, try_attacks
from adapters.nats_server import EmbeddedNatsServer
from domain.integration import Right
from server.workers.kept_process import KeptProcess
from tests.nats.integrations import record, signed_in
from tests.nats.own_server import own_server

pytestmark = pytest.mark.anyio
JIRA, SLACK = new_nats_key(), new_nats_key()
BOTH = {"jira": record(JIRA), "slack": record(SLACK)}
DECISION = "doorward.main.cmd.decide.{}.crm.r-1"


@pytest.fixture
async def open_server(server: EmbeddedNatsServer) -> EmbeddedNatsServer:
    """With streams, two integrations and their consumers."""
    server.admit(BOTH)
    async with signed_in(server.url) as engine, signed_in(server.reader_url) as reader:
        await ensure_streams(engine.jetstream(), "main")
        await ensure_consumers(reader.jetstream(), "main", BOTH)
    return server


async def test_an_integration_let_in_while_the_server_runs_reaches_its_own_subjects(
    open_server: EmbeddedNatsServer,
) -> None:
    async with signed_in(open_server.public_url, JIRA) as jira:
        stored = await jira.jetstream().publish(DECISION.format("jira"), b"{}")
        assert stored.stream == "DOORWARD_COMMANDS"
        with pytest.raises(nats.errors.NoRespondersError):
            await jira.request(DECISION.format("slack"), b"{}", timeout=5)


async def test_an_integration_reads_events_through_its_own_consumer(
    open_server: EmbeddedNatsServer,
) -> None:
    async with signed_in(open_server.url) as engine:
        await engine.jetstream().publish("doorward.main.evt.app.added.crm.crm", b"news")
    async with signed_in(open_server.public_url, SLACK) as slack:
        mine = await slack.jetstream().pull_subscribe_bind("slack", EVENTS)
        (message,) = await mine.fetch(1, timeout=5)
        assert message.data == b"news"
        await message.ack_sync(timeout=5)
    async with signed_in(open_server.reader_url) as reader:
        standing = await reader.jetstream().consumer_info(EVENTS, "slack")
        assert (standing.num_pending, standing.num_ack_pending) == (0, 0)


async def test_one_that_may_only_decide_gets_no_events_but_its_outcomes(
    server: EmbeddedNatsServer,
) -> None:
    only = {"jira": record(JIRA, Right.DECIDE)}
    server.admit(only)
    async with signed_in(server.url) as engine, signed_in(server.reader_url) as reader:
        await ensure_streams(engine.jetstream(), "main")
        await ensure_consumers(reader.jetstream(), "main", only)
        assert await reader.jetstream().consumers_info(EVENTS) == []
        assert [one.name for one in await reader.jetstream().consumers_info(OUTCOMES)] == ["jira"]
    async with signed_in(server.public_url, JIRA) as jira:
        with pytest.raises(nats.errors.NoRespondersError):
            await jira.request("doorward.main.api.jira.fulfil", b"{}", timeout=5)


async def test_one_for_a_few_apps_gets_the_events_of_these_only(
    server: EmbeddedNatsServer,
) -> None:
    few = {"jira": record(JIRA, Right.SUBSCRIBE, apps=("crm", "wiki"))}
    server.admit(few)
    async with signed_in(server.url) as engine, signed_in(server.reader_url) as reader:
        await ensure_streams(engine.jetstream(), "main")
        await ensure_consumers(reader.jetstream(), "main", few)
        for app in ("crm", "vault", "wiki", "-"):
            await engine.jetstream().publish(f"doorward.main.evt.app.added.{app}.x", app.encode())
    async with signed_in(server.public_url, JIRA) as jira:
        mine = await jira.jetstream().pull_subscribe_bind("jira", EVENTS)
        assert [one.data for one in await mine.fetch(2, timeout=5)] == [b"crm", b"wiki"]


async def test_an_integration_that_was_removed_is_cut_off_and_others_are_not(
    open_server: EmbeddedNatsServer,
) -> None:
    async with (
        signed_in(open_server.public_url, JIRA) as jira,
        signed_in(open_server.public_url, SLACK) as slack,
        signed_in(open_server.reader_url) as reader,
    ):
        left = {"jira": BOTH["jira"]}
        open_server.admit(left)
        await ensure_consumers(reader.jetstream(), "main", left)
        await jira.jetstream().publish(DECISION.format("jira"), b"{}")
        with pytest.raises(nats.errors.Error):
            await slack.jetstream().publish(DECISION.format("slack"), b"{}", timeout=5)
        assert [one.name for one in await reader.jetstream().consumers_info(EVENTS)] == ["jira"]
    with pytest.raises(nats.errors.Error):
        async with signed_in(open_server.public_url, SLACK):
            pass


async def test_the_server_is_found_again_at_the_same_port_after_a_restart(
    server: EmbeddedNatsServer, tmp_path: Path
) -> None:
    before = server.public_url
    server.close()
    again = EmbeddedNatsServer(tmp_path / "nats")
    again.start(KeptProcess)
    assert again.public_url == before
    again.close()


async def test_neither_of_doorwards_own_connections_says_what_is_the_others(
    open_server: EmbeddedNatsServer,
) -> None:
    for url, subject in (
        (open_server.url, DECISION.format("jira")),
        (open_server.reader_url, "doorward.main.evt.app.added.crm.crm"),
    ):
        async with signed_in(url) as engine:
            with pytest.raises(nats.errors.Error):
                await engine.jetstream().publish(subject, b"forged", timeout=1)
    async with signed_in(open_server.url) as engine:
        for stream in (EVENTS, "DOORWARD_COMMANDS"):
            assert (await engine.jetstream().stream_info(stream)).state.messages == 0


@asynccontextmanager
async def scene(server: EmbeddedNatsServer) -> AsyncIterator[Scene]:
    async with (
        signed_in(server.public_url, JIRA) as attacker,
        signed_in(server.reader_url) as engine,
    ):
        yield Scene(attacker, "jira", "slack", engine, "main")


async def test_every_attack_is_in_vain_where_each_integration_has_its_account(
    open_server: EmbeddedNatsServer,
) -> None:
    async with signed_in(open_server.url) as engine:
        await engine.jetstream().publish("doorward.main.evt.app.added.crm.crm", b"news")
        await engine.jetstream().publish("doorward.main.evt.app.added.crm.crm", b"news")
    async with scene(open_server) as attacked:
        results = await try_attacks(attacked)
    assert {one.attack for one in results} == set(ATTACKS)
    assert [one for one in results if not one.inert] == []


async def test_the_attacks_leave_no_command_behind_that_somebody_would_have_to_set_aside(
    open_server: EmbeddedNatsServer,
) -> None:
    async with scene(open_server) as attacked:
        await try_attacks(attacked)
        assert await attacked.stored("doorward.main.cmd.>") == 0


CARELESS = "accounts { ALL { jetstream: enabled, users: [{ user: any, password: any }] } }"


async def test_a_server_where_all_share_one_account_is_found_to_be_dangerous(
    tmp_path: Path,
) -> None:
    with own_server(tmp_path, CARELESS) as port:
        url = f"nats://any:any@127.0.0.1:{port}"
        async with signed_in(url) as engine, signed_in(url) as attacker:
            await ensure_streams(engine.jetstream(), "main")
            await ensure_consumers(engine.jetstream(), "main", BOTH)
            await engine.jetstream().publish("doorward.main.evt.app.added.crm.crm", b"news")
            results = await try_attacks(Scene(attacker, "jira", "slack", engine, "main"))
    dangerous = {one.attack for one in results if not one.inert}
    assert {
        "publish an event",
        "publish a decision as another integration",
        "have an acknowledgement stored as an event",
        "have an acknowledgement stored as another's decision",
        "make a consumer",
        "purge a stream",
        "read a stream past its own consumer",
        "listen to everything",
    } <= dangerous


async def test_a_configuration_for_a_server_of_ones_own_keeps_integrations_apart(
    tmp_path: Path,
) -> None:
    publisher, reader = new_nats_key(), new_nats_key()
    who = accounts("main", EngineUser(nkey=publisher.public), EngineUser(nkey=reader.public), BOTH)
    with own_server(tmp_path, who) as port:
        url = f"nats://127.0.0.1:{port}"
        async with signed_in(url, publisher) as engine:
            await ensure_streams(engine.jetstream(), "main")
        async with signed_in(url, reader) as engine, signed_in(url, JIRA) as attacker:
            await ensure_consumers(engine.jetstream(), "main", BOTH)
            results = await try_attacks(Scene(attacker, "jira", "slack", engine, "main"))
    assert [one for one in results if not one.inert] == []
