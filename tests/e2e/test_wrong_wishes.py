"""Wrong names and wrong values, as an operator types them: one sentence that says what to do, whoever does the work:
the command itself on SQLite or PostgreSQL, or the server that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server import demo
from server.__main__ import main
from server.config import load_settings
from server.wiring import open_system
from tests.running import RunningServer

Faults = list[tuple[list[str], str]]

NAMES: Faults = [
    (["policy", "show", "nope"], "There is no policy nope; doorward policy list"),
    (["policy", "retire", "nope"], "There is no policy nope; doorward policy list"),
    (["policy", "explain", "--person", "nope", "--item", "github"], "There is no person nope;"),
    (
        ["policy", "explain", "--person", "alice", "--item", "nope"],
        "There is no app or permission nope; doorward catalog export",
    ),
    (["scim-token", "remove", "nope"], "There is no token nope; doorward scim-token list"),
    (["account", "password", "nope"], "There is no person nope; doorward people list"),
    (["account", "add", "dora", "--manager", "nope"], "There is no person nope;"),
    (["people", "show", "nope"], "There is no person nope;"),
    (["people", "disable", "nope"], "There is no person nope;"),
    (["people", "forget", "nope", "--yes"], "There is no person nope;"),
    (["people", "role", "list", "nope"], "There is no person nope;"),
    (["people", "role", "grant", "nope", "auditor"], "There is no person nope;"),
    (["integration", "show", "nope"], "There is no integration nope;"),
    (["webhook", "show", "nope"], "There is no webhook nope;"),
    (["webhook", "remove", "nope"], "There is no webhook nope;"),
    (["resource-server", "remove", "nope"], "There is no resource server nope;"),
    (["feature", "on", "nope"], "There is no feature nope;"),
    (["rebuild", "nope"], "there is no read model 'nope'"),
    (["keys", "drop", "nope"], "there is no key nope; doorward keys list"),
    (["audit", "show", "nope"], "no event has this position, request or stream"),
    (
        ["audit", "log", "--type", "nope"],
        "no event is of the type nope; there are access_request,",
    ),
    (["audit", "log", "--type", "person.chang"], "there are person.changed"),
]
VALUES: Faults = [
    (
        ["policy", "explain", "--person", "alice", "--item", "github", "--length", "dance"],
        "length: 'dance' is no length of time; write it like 8 hours",
    ),
    (["integration", "add", "z", "--may", ""], "must be allowed something"),
    (
        ["feature", "on", "decide_request", "--expected-version", "9" * 5_000],
        "You saw version 999999999999999999, it is now 0",
    ),
    (["people", "disable", "admin"], "This is the last administrator"),
    (["people", "forget", "alice", "--yes"], "disable the account first: doorward people disable"),
]
USAGE: Faults = [
    (["integration", "add", "z", "--may", "dance"], "no right; there are decide, fulfil, subscri"),
    (["people", "role", "grant", "alice", "nope"], "(choose from 'employee', 'approver', 'admin"),
    (["account", "add", "dora", "--role", "nope"], "(choose from 'employee', 'approver', 'admin"),
    (["catalog", "import", "x", "--format", "nope"], "(choose from 'auto', 'json', 'csv',"),
    (
        ["audit", "log", "--since", "yesterday"],
        "give a time as RFC 3339 with offset, such as 2026",
    ),
    (["audit", "log", "--since", "2026-01-01T09:00"], "give a time as RFC 3339 with offset"),
    (["audit", "log", "--after", "x"], "'x' is no whole number"),
]


@pytest.fixture(params=["sqlite", "running", "postgres"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A store with the demo in it, and whoever works on it."""
    server = RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": "off"})
    if request.param == "postgres":
        server.settings["DOORWARD_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    ours = {k: v for k, v in server.environment().items() if k.startswith("DOORWARD_")}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    if request.param == "running":
        server.start()
        yield request.param
        server.stop()
        assert "failed" not in server.said()
    else:
        with open_system(load_settings(ours)) as system:
            demo.prepare(system)
        yield request.param


@pytest.mark.usefixtures("store")
def test_a_wrong_name_or_value_is_one_sentence_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments, words in (*NAMES, *VALUES):
        code = main(arguments)
        said = capsys.readouterr()
        assert (code, said.out) == (1, ""), (arguments, said)
        assert said.err.startswith("doorward: "), (arguments, said.err)
        assert said.err.count("\n") == 1, (arguments, said.err)
        assert words in said.err, (arguments, said.err)


@pytest.mark.parametrize(("arguments", "words"), USAGE)
def test_a_value_that_no_command_takes_is_told_in_words(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert words in said
    assert "<" not in said.splitlines()[-1]


@pytest.mark.usefixtures("store")
def test_an_app_that_the_catalog_does_not_hold_yet_is_taken_and_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for adding in (
        ["integration", "add", "early"],
        ["webhook", "add", "early", "https://a.example/"],
    ):
        assert main([*adding, "--apps", "github,later"]) == 0
        assert "not in the catalog yet: later\n" in capsys.readouterr().out


@pytest.mark.usefixtures("store")
def test_who_is_disabled_signs_in_no_more_until_enabled_and_can_be_forgotten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def say(*arguments: str) -> str:
        assert main(["people", *arguments]) == 0
        return capsys.readouterr().out

    assert say("disable", "carol") == "carol is disabled\n"
    assert say("disable", "carol") == "carol is disabled already\n"
    assert "carol  Carol Costa  employee  disabled\n" in say("list")
    assert "disabled: yes\n" in say("show", "carol")
    assert say("enable", "carol") == "carol is enabled\n"
    assert "manager: bob\n" in say("show", "alice")
    say("disable", "carol")
    say("forget", "carol", "--yes")
    assert main(["people", "enable", "carol"]) == 1
    assert "The person carol was forgotten" in capsys.readouterr().err
    assert "carol" not in say("list")


@pytest.mark.usefixtures("store")
def test_webhooks_are_listed_with_what_they_are_behind_and_with_words_for_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["webhook", "list"]) == 0
    assert capsys.readouterr().out == "none\n"
    assert main(["webhook", "add", "siem", "https://siem.example/"]) == 0
    assert main(["webhook", "list"]) == 0
    said = capsys.readouterr().out
    assert "delivered at: none\n" in said
    assert "siem: host siem.example; state active; events access_request.*; apps all; lag " in said
    assert said.endswith("waiting 0; dead letters 0\n")
    assert "None" not in said
