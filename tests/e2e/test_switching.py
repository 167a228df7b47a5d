"""Features and roles on the command line, beside the server that has the store and without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.feature import FEATURES
from tests.running import RunningServer

CANCEL = "cancel_access_request"
LINE = "doorward: "


@pytest.fixture(params=[True, False], ids=["with a server", "without"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningServer]:
    settings = {"DOORWARD_NATS_URL": "off", "DOORWARD_FEATURES": "get_access_request"}
    made = RunningServer(tmp_path / "data", settings).start()
    if not request.param:
        assert made.stop() == 0, made.said()
    yield made
    if request.param:
        assert made.stop() == 0, made.said()


def said(server: RunningServer, *command: str) -> str:
    done = server.run(*command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(server: RunningServer, *command: str) -> str:
    done = server.run(*command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix(LINE)


def test_features_are_listed_and_switched(server: RunningServer) -> None:
    told = json.loads(said(server, "feature", "list", "--json"))["features"]
    states = {one["name"]: (one["state"], one["version"]) for one in told}
    assert states == {
        name: ("on" if name == "get_access_request" else "off", 0) for name in FEATURES
    }
    assert "as the setting says" in said(server, "feature", "list")
    assert "state: on" in said(server, "feature", "on", CANCEL)
    again = json.loads(said(server, "feature", "on", CANCEL, "--json"))
    assert (again["changed"], again["version"]) == (False, 1)
    said(server, "feature", "off", "get_access_request", "--expected-version", "0")
    told = json.loads(said(server, "feature", "list", "--json"))["features"]
    states = {one["name"]: (one["state"], one["via"]) for one in told if one["version"]}
    assert states == {CANCEL: ("on", "cli"), "get_access_request": ("off", "cli")}
    assert f"{CANCEL}  on (by an operator" in said(server, "feature", "list")
    unknown = refused(server, "feature", "on", "fly")
    assert all(name in unknown for name in FEATURES)
    assert refused(server, "feature", "off", CANCEL, "--expected-version", "7").startswith(
        "stale_version"
    )


def test_roles_are_shown_given_and_taken(server: RunningServer) -> None:
    role = ("people", "role")
    assert "roles: auditor, employee" in said(server, *role, "grant", "alice", "auditor")
    assert "auditor granted by an operator" in said(server, *role, "list", "alice")
    told = json.loads(said(server, *role, "revoke", "alice", "auditor", "--json"))
    assert told["roles"] == ["employee"]
    changes = json.loads(said(server, *role, "list", "alice", "--json"))["changes"]
    assert [(one["role"], one["held"]) for one in changes] == [
        ("auditor", False),
        ("auditor", True),
    ]
    assert refused(server, *role, "revoke", "admin", "administrator").startswith(
        "last_administrator"
    )
    assert refused(server, *role, "grant", "nobody", "auditor").startswith("nothing_there")
    assert server.run(*role, "grant", "alice", "king").returncode == 2
