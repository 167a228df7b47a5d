"""From a question to a submitted request, over a real server and a real client: the judged questions of the
catalog's tests, as a person puts them, each played by an agent that has no model. A question for an app is
answered by any permission of an app that is what he wants; one that has no answer must lead to no request.
A model would put the others in other words, as the answers advise; how many need none is what is held here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.catalog.file import parse_catalog
from tests.agent.player import MOST_CALLS, MOST_TOKENS, Player
from tests.browser import FormBrowser
from tests.catalog.test_relevance import DEMO, SHARED, Query, queries
from tests.e2e.clients import python_client
from tests.running import RunningServer

pytestmark = pytest.mark.anyio
WANTED = 3
"""The grade of what the person wants; a sound alternative has less."""


def held_by(catalog: Path) -> set[str]:
    """Return the ids of a catalog's apps and permissions; skips loudly where it is not here."""
    if not catalog.exists():
        pytest.skip(f"*** {catalog.name} is not here: the questions ran on the demo's alone ***")
    parsed = parse_catalog(catalog.read_bytes())
    return {*parsed.apps, *parsed.permissions}


def right(question: Query, held: set[str]) -> set[str]:
    """Return what answers a question, of what a catalog holds."""
    return {key for key, grade in question["relevant"].items() if grade == WANTED and key in held}


def reached(player: Player, answers: set[str]) -> bool:
    """Say whether the request is for the right permission, or for one of the right app."""
    asked = player.requested or ""
    return not answers.isdisjoint({asked, asked.partition(":")[0]})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": "off"})
    yield running.start()
    assert running.stop() == 0, running.said()


@pytest.mark.parametrize(
    ("catalog", "least"), [(SHARED, 36), (DEMO, 35)], ids=["real-labels", "demo"]
)
async def test_an_agent_reaches_the_right_permission_in_three_calls(
    server: RunningServer, catalog: Path, least: int
) -> None:
    held = held_by(catalog)
    if catalog != DEMO:
        assert server.run("catalog", "import", str(catalog)).returncode == 0
    played: dict[str, tuple[Player, set[str]]] = {}
    async with FormBrowser(server.issuer) as browser, python_client(browser) as client:
        for question in queries():
            answers = right(question, held)
            if answers or not question["relevant"]:
                player = await Player(client, question["query"]).play()
                played[question["id"]] = player, answers
    for name, (player, answers) in played.items():
        assert player.calls, name
        assert len(player.calls) <= MOST_CALLS, (name, player.calls)
        assert player.tokens <= MOST_TOKENS, (name, player.tokens)
        assert answers or player.requested is None, f"{name}: requested {player.requested}"
    right_ones = [name for name, (player, answers) in played.items() if reached(player, answers)]
    assert len(right_ones) >= least, right_ones
