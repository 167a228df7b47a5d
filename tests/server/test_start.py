"""What is loaded when: nothing of a command that was not chosen, and of a server nothing that it may never
need. What takes memory and time stays out of a plain start, so that it starts soon and stays small."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import httpx
import pytest

from server.__main__ import COMMANDS, SUMMARY, _parser, main
from server.operations import OPERATIONS, TOPICS
from server.sign_in.accounts import NOBODY, _hasher, check_password
from tests.browser import FormBrowser
from tests.mcp.wire import LEGACY, MODERN, Wire
from tests.oauth.flow import Flow
from tests.running import RunningServer

SERVING = """
import json, sys
from server.__main__ import main
code = main(["serve"])
print("LOADED", json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
sys.exit(code)
"""
"""``doorward serve``, which says at its end what it had loaded."""

SELDOM = {
    "authlib": "tokens are asked for seldom, beside calls",
    "httpcore": "a webhook or a client's metadata document",
    "httpx": "time stamps of checkpoints",
    "httpx2": "an identity provider",
    "jinja2": "pages",
    "joserfc": "an identity provider, signed commands",
    "jsonschema": "arguments that are wrong",
    "mcp": "the SDK, where a request is not one of the plain ones",
    "numpy": "search by meaning",
    "onnxruntime": "search by meaning",
    "psycopg": "PostgreSQL",
    "pyarrow": "exports as Parquet",
    "pydantic": "the SDK",
    "rfc3161_client": "time stamps of checkpoints",
    "smtplib": "mail",
    "tokenizers": "search by meaning",
}
"""What a server on SQLite has not loaded by its first good calls, and what it is for."""


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Return a parser and those of all that it leads to."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from parsers(inner)


def actions_of(command: str) -> list[argparse.ArgumentParser]:
    return [
        one for one in parsers(_parser([command])) if one.prog.startswith(f"doorward {command}")
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_every_action_of_it_has_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in actions_of(command):
        with pytest.raises(SystemExit) as ended:
            main([*one.prog.split()[1:], "--help"])
        assert ended.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: {one.prog}")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_action_of_a_chosen_command_runs_something(command: str) -> None:
    last = [one for one in actions_of(command) if one._subparsers is None]
    assert last
    assert all(callable(one.get_default("run")) for one in last)


def test_help_names_all_commands_and_says_what_the_package_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert SUMMARY in told
    assert all(f"{name} {words}" in told for name, (_, words) in COMMANDS.items())
    assert metadata.metadata("doorward")["Summary"] == SUMMARY


def test_an_operation_is_found_in_the_module_of_its_topic() -> None:
    for topic, module in TOPICS.items():
        known = vars(sys.modules.get(f"server.operations.{module}") or _loaded(module))
        names = [name for name in known["OPERATIONS"] if name.split(" ", 1)[0] == topic]
        assert names
        assert all(OPERATIONS[name] is known["OPERATIONS"][name] for name in names)
    with pytest.raises(KeyError):
        OPERATIONS["nothing of the kind"]


def _loaded(module: str) -> object:
    __import__(f"server.operations.{module}")
    return sys.modules[f"server.operations.{module}"]


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_help_and_version_load_next_to_nothing(asked: str) -> None:
    program = (
        "import sys\nfrom server.__main__ import main\n"
        f"try: main([{asked!r}])\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith(('server.', 'domain'))])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.splitlines()[-1] == "['server.__main__']"


def test_a_user_name_that_nobody_has_costs_as_much_as_one_that_somebody_has() -> None:
    assert not _hasher.check_needs_rehash(NOBODY)
    assert check_password(None, "nobody has this password") is None


def test_a_server_has_loaded_only_what_it_needs_by_its_first_good_calls(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data").start()
    token = asyncio.run(_token(server))
    assert server.stop() == 0, server.said()
    loaded = _loaded_while_serving(server, token)
    assert sorted(set(SELDOM) & loaded) == []
    assert {"server", "eventsourcing", "nats"} <= loaded


async def _token(server: RunningServer) -> str:
    async with httpx.AsyncClient() as client, FormBrowser(server.issuer) as browser:
        return str((await Flow(client, server.issuer).sign_in(browser))["access_token"])


def _loaded_while_serving(server: RunningServer, token: str) -> set[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVING],
        env=server.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        try:
            assert any(line.startswith("  Data") for line in said)
            asyncio.run(_call(server, token))
        finally:
            process.terminate()
        told = [line for line in said if line.startswith("LOADED ")]
    assert process.wait(30) == 0
    return set(json.loads(told[0].removeprefix("LOADED ")))


async def _call(server: RunningServer, token: str) -> None:
    """Call what is called most, in both eras of the protocol."""
    async with httpx.AsyncClient() as client:
        for era in (MODERN, LEGACY):
            wire = Wire(client, server.issuer, token, era)
            assert await wire.ask("list_access_requests")
            assert (await wire.ask("search_apps", name_search="data"))["items"]
