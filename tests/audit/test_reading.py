"""Who did what, asked of the log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.cloud_events import app_of
from domain.catalog import AppAdded
from server.__main__ import main
from server.audit.reading import Sought, events, line
from server.config import Settings
from server.wiring import System, open_system
from tests import seeds
from tests.times import NOW
from tests.web import Web, web_of

pytestmark = pytest.mark.anyio
SUBMIT = {
    "app_id": "crm",
    "requestable_permission_ids": ["crm:reader"],
    "business_justification": "Quarter-end report",
}


async def asked(system: System) -> Web:
    """Let alice ask for something through her client, and carol too."""
    async with web_of(system) as web:
        await (await web.wire()).ask("submit_access_request", **SUBMIT)
        wiki = {"app_id": "wiki", "business_justification": "To write"}
        await (await web.wire("carol")).ask("submit_access_request", **wiki)
        return web


async def test_events_are_found_by_who_acted_on_what_and_when(system: System) -> None:
    await asked(system)
    store = system.store

    def found(**sought: object) -> list[str]:
        wanted = Sought(**sought)  # type: ignore[arg-type]
        return [one.envelope.event.TOPIC for one in events(store, wanted, app_of)]

    every = found()
    assert len(every) == store.head()
    mine = found(actor=seeds.ALICE, kind="access_request")
    assert mine[0] == "access_request.submitted"
    assert all(one.startswith("access_request.") for one in mine)
    assert found(kind="access_request.submitted") == ["access_request.submitted"] * 2
    assert found(kind="access") == []
    assert found(kind="access_request.submitted", app="wiki") == ["access_request.submitted"]
    assert found(about=seeds.CAROL, kind="access_request.submitted") == [
        "access_request.submitted"
    ]
    assert "access_request.submitted" in found(client="Test client")
    assert found(client="nobody's") == []
    assert found(until=NOW - timedelta(days=9_000)) == []
    assert found(stream="app-crm") == ["app.added"]
    assert found(actor="nobody") == []
    assert found(about="alice@example.com") == ["person.registered"]


async def test_a_line_says_where_when_what_and_by_whom(system: System) -> None:
    await asked(system)
    submitted = next(
        one
        for one in events(system.store, Sought(kind="access_request.submitted"), app_of)
        if one.envelope.actor.subject == seeds.ALICE
    )
    told = line(submitted)
    assert told.startswith(f"{submitted.position}  ")
    assert told.endswith("p-alice (mcp through Test client)")
    added = next(events(system.store, Sought(stream="app-crm"), app_of))
    assert isinstance(added.envelope.event, AppAdded)
    assert line(added).endswith("app.added  app-crm  - (system)")


def test_a_position_beyond_all_bounds_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_system(Settings(data_dir=tmp_path / "data", nats_url="off")) as system:
        seeds.seed_system(system)
    monkeypatch.setenv("DOORWARD_DATA_DIR", str(tmp_path / "data"))
    for position in ("9" * 30, "9" * 5_000):
        assert main(["audit", "show", position]) == 1
        assert "no event has this position" in capsys.readouterr().err
    assert main(["audit", "log", "--after", "9" * 30]) == 0
