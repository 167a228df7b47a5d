"""What is generated is what the server does."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters import event_codec
from adapters.cloud_events import to_message
from domain.envelope import Recorded
from domain.errors import Refused
from domain.events import EVENT_TYPES
from domain.published import stays_at_home
from domain.values import StreamId
from server.documentation.assembling import PAGES
from server.documentation.including import NoSuchSection, section_of
from server.documentation.reference import GENERATED
from server.documentation.reference.events import SAMPLES, example
from server.documentation.reference.tools import USER_TOOLS, administration
from server.mcp.schemas import SUBMIT
from server.setting_parsers import PARSERS
from tests.browser import FormBrowser
from tests.e2e.clients import python_client
from tests.running import RunningServer

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    names = ",".join(one.name for one in USER_TOOLS[5:])
    settings = {"DOORWARD_FEATURES": names, "DOORWARD_NATS_URL": "off"}
    running = RunningServer(tmp_path / "data", settings).start()
    yield running
    running.stop()


@pytest.mark.anyio
async def test_employees_are_shown_the_tools_that_the_page_has(server: RunningServer) -> None:
    async with FormBrowser(server.issuer) as browser, python_client(browser) as client:
        listed = (await client.list_tools()).tools
    assert [one.name for one in listed] == [one.name for one in USER_TOOLS]
    assert [one.input_schema for one in listed] == [one.input_schema for one in USER_TOOLS]


def test_every_tool_of_administrators_is_on_the_page() -> None:
    page = GENERATED["admin tools"]()
    tools = [one for each in administration().values() for one in each]
    assert len(tools) > 1
    assert [
        one.definition.name for one in tools if f"#### {one.definition.name}\n" not in page
    ] == []


def test_every_setting_is_on_the_page() -> None:
    page = GENERATED["settings"]()
    assert [name for name in PARSERS if f"`DOORWARD_{name.upper()}`" not in page] == []


def test_every_refusal_is_on_the_page() -> None:
    page = GENERATED["refusals"]()
    codes = {code for file in (ROOT / "domain", ROOT / "server") for code in _codes_in(file)}
    assert len(codes) > 40
    assert sorted(code for code in codes if f"`{code}`" not in page) == []
    assert issubclass(Refused, Exception)


def _codes_in(folder: Path) -> Iterator[str]:
    """Yield the codes of the classes that are refusals by their names' bases, read without loading."""
    families = {"Invalid", "Missing", "Forbidden", "Conflicting", "InvalidGrant"}
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.ClassDef):
                continue
            if not families & {one.id for one in node.bases if isinstance(one, ast.Name)}:
                continue
            for line in node.body:
                if (
                    isinstance(line, ast.Assign)
                    and isinstance(line.targets[0], ast.Name)
                    and line.targets[0].id == "code"
                    and isinstance(line.value, ast.Constant)
                ):
                    yield str(line.value.value)


@pytest.mark.parametrize("topic", sorted(EVENT_TYPES))
def test_the_example_of_an_event_is_the_message_that_subscribers_get(topic: str) -> None:
    kind = EVENT_TYPES[topic]
    stored = (SAMPLES / f"{topic}.{kind.SCHEMA}.json").read_bytes().strip()
    own_id = str(example(topic)["subject"])
    stream = StreamId(f"{topic.split('.', maxsplit=1)[0]}-{own_id}")
    recorded = Recorded(1, event_codec.decode(topic, stream, 1, stored))
    message = to_message(recorded, "main", sealed=False)
    assert message.payload == _encoded(example(topic))


def _encoded(said: object) -> bytes:
    import msgspec  # noqa: PLC0415 - as the message is

    return msgspec.json.encode(said)


def test_what_stays_at_home_is_what_no_message_has() -> None:
    assert stays_at_home("secret_digest")
    assert stays_at_home("target_url")
    assert not stays_at_home("website_url")


def test_a_page_that_asks_for_a_section_which_has_gone_is_a_fault() -> None:
    with pytest.raises(NoSuchSection, match=r"README\.md has no Nothing"):
        section_of("README.md", "Nothing")


def test_symptoms_that_are_codes_are_those_that_clients_see() -> None:
    page = (ROOT / "server" / "documentation" / PAGES / "troubleshooting.md").read_text()
    symptoms = " ".join(line.split("|")[1] for line in page.splitlines() if line.startswith("|"))
    known = GENERATED["refusals"]() + json.dumps(SUBMIT.output_schema).replace('"', "`")
    named = set(re.findall(r"`[a-z]+_[a-z_]+`", symptoms)) - {"`insufficient_scope`"}
    assert named
    assert {one for one in named if one not in known} == set()
