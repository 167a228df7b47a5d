"""What the pages show is so: shell and Python blocks run against a server of their own, each page in a folder
of its own, JSON blocks fit what they stand for, and a block that cannot be run is counted, with its reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jsonschema.validators import Draft202012Validator

from server.contract import message_schema
from server.documentation.assembling import PAGES
from server.documentation.reference.tools import USER_TOOLS
from server.examples.approval_service import Rule
from tests.documentation.blocks import Block, blocks_of
from tests.e2e.open_browser import surroundings
from tests.running import RunningServer

ROOT = Path(__file__).parents[2]
SHOWN_AT = "127.0.0.1:8000"
NOT_RUN = {
    "make": ("`make run` installs and serves for ever; tests/running.py starts what it starts", 1),
    "client": ("another vendor's client, which needs an account of its maker", 4),
    "drawing": ("a drawing, no code", 2),
    "deployment": ("containers, clusters and root, judged by tests/deployment", 7),
    "elsewhere": ("somebody else's receiver, played in tests/webhooks", 1),
    "readme": ("the README's own, with an app that the demo does not have", 1),
    "catalog": ("a shape to begin from, read in test_a_catalog_file", 1),
    "policies": ("a shape to begin from, with groups that the demo does not have", 1),
    "audit": ("a key and a folder of the reader's, played in tests/audit", 1),
}
"""Why blocks are not run, and how many there are of each kind."""
RUN = {"sh", "python"}
PROSE = {"text", ""}


@pytest.fixture(scope="module")
def blocks(pages: list[Path]) -> list[Block]:
    return [block for page in pages for block in blocks_of(page)]


def test_only_blocks_with_a_reason_are_not_run(blocks: list[Block]) -> None:
    counted = Counter(one.marks["not run"] for one in blocks if "not run" in one.marks)
    assert counted == {name: count for name, (_, count) in NOT_RUN.items()}


def test_every_language_is_one_that_is_proved(blocks: list[Block]) -> None:
    assert {one.language for one in blocks} <= RUN | PROSE | {"json", "toml"}


def test_json_and_toml_blocks_fit_what_they_stand_for(blocks: list[Block]) -> None:
    checked = [one for one in blocks if one.language == "json" and "not run" not in one.marks]
    assert len(checked) > 100
    for block in checked:
        said = json.loads(block.text)
        assert "checks" in block.marks, f"{block} does not say what it must fit"
        _check(block, said)
    for block in blocks:
        if block.language == "toml":
            tomllib.loads(block.text)


def _check(block: Block, said: Any) -> None:
    kind, _, name = block.marks["checks"].partition(" ")
    match kind:
        case "schema":
            Draft202012Validator.check_schema(said)
        case "message":
            jsonschema.validate(said, message_schema(name))
        case "input":
            tool = next(one for one in USER_TOOLS if one.name == name.removeprefix("of "))
            jsonschema.validate(said, tool.input_schema)
        case "rules":
            assert [Rule(**one) for one in said]
        case "catalog":
            assert said["apps"]  # imported by the next block
        case path:
            url = reduce(lambda found, key: found[key], path.split("."), said)
            assert url == f"http://{SHOWN_AT}/mcp/user"


def pages_with_programs() -> list[str]:
    """Return the pages that have blocks to run, read from their sources."""
    folder = ROOT / "server" / "documentation" / PAGES
    return [
        page.name
        for page in sorted(folder.glob("*.md"))
        if any(one.language in RUN and "not run" not in one.marks for one in blocks_of(page))
    ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("pages") / "data").start()
    yield running
    running.stop()


@pytest.mark.parametrize("name", pages_with_programs())
def test_the_programs_of_a_page_run(
    name: str, source: Path, server: RunningServer, tmp_path: Path
) -> None:
    environment = _reader(server, tmp_path)
    for block in blocks_of(source / PAGES / name):
        text = block.text.replace(SHOWN_AT, f"127.0.0.1:{server.port}")
        if "file" in block.marks:
            (tmp_path / block.marks["file"]).write_text(text)
        elif block.language in RUN and "not run" not in block.marks:
            _run(block, text, tmp_path, environment)


def _reader(server: RunningServer, folder: Path) -> dict[str, str]:
    """Return the environment of somebody who follows the page, with alice at his browser."""
    programs = str(Path(sys.executable).parent)
    around = surroundings(folder / "home", server.issuer)
    path = f"{programs}{os.pathsep}{around['PATH']}"
    return {**server.environment(), **around, "PATH": path, **_settings(server)}


def _settings(server: RunningServer) -> dict[str, str]:
    return {k: v for k, v in server.environment().items() if k.startswith("DOORWARD_")}


def _run(block: Block, text: str, folder: Path, environment: dict[str, str]) -> None:
    programs: dict[str, Callable[[str], list[str]]] = {
        "sh": lambda said: ["bash", "-euc", said],
        "python": lambda said: [sys.executable, "-c", said],
    }
    done = subprocess.run(
        programs[block.language](text),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{block}\n{text}\n{done.stdout}\n{done.stderr}"
