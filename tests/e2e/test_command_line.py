"""The command line as an operator meets it: starting, stopping, importing, and every error in one
clear line."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.open_store import open_store
from server import demo
from tests.running import RunningServer

DEMO = Path(demo.__file__).parent / "catalog-demo.json"


@pytest.fixture
def stopped(tmp_path: Path) -> RunningServer:
    """A server that has not been started."""
    return RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": "off"})


def test_a_second_start_finds_all_data_again(stopped: RunningServer) -> None:
    stopped.start()
    before = httpx.get(f"{stopped.issuer}/healthz").json()
    client = httpx.post(f"{stopped.issuer}/register", json={"redirect_uris": ["http://[::1]/"]})
    assert stopped.stop(signal.SIGTERM) == 0
    stopped.start()
    assert httpx.get(f"{stopped.issuer}/healthz").json() == before
    asked = {"client_id": client.json()["client_id"], "redirect_uri": "http://[::1]/"}
    assert httpx.get(f"{stopped.issuer}/authorize", params=asked).status_code == 200
    assert stopped.stop(signal.SIGINT) == 0
    assert stopped.said() == ""


def test_it_says_where_it_is_how_to_add_it_and_who_may_sign_in(stopped: RunningServer) -> None:
    stopped.start()
    stopped.stop()
    said = "\n".join(stopped.lines)
    assert stopped.mcp_url in said
    assert f"claude mcp add --transport http doorward {stopped.mcp_url}" in said
    assert "alice, bob, carol, admin, audra" in said
    assert "demo-password" in said


def test_nats_turned_on_later_is_filled_from_the_first_event(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": "off"}).start()
    server.stop()
    server.settings.clear()
    server.start()
    health = wait_for_nats(server, "following")
    assert health["nats"]["position"] == health["position"]
    server.stop()


def test_nats_that_cannot_be_reached_stops_nobody_and_is_told(tmp_path: Path) -> None:
    url = "nats://me:hunter2@127.0.0.1:1"
    server = RunningServer(tmp_path / "data", {"DOORWARD_NATS_URL": url}).start()
    health = wait_for_nats(server, "disconnected")
    assert health["status"] == "ok"
    assert health["nats"]["reason"]
    server.stop()
    assert "hunter2" not in server.said() + str(health)


def test_an_import_goes_through_the_server_that_runs(
    stopped: RunningServer, tmp_path: Path
) -> None:
    stopped.start()
    file = tmp_path / "catalog.json"
    catalog = {"apps": [{"id": "new-app", "name": "Brand new"}], "permissions": []}
    file.write_text(json.dumps(catalog))
    done = stopped.run("catalog", "import", str(file), "--json")
    assert json.loads(done.stdout)["added"] == 1, done.stderr
    again = stopped.run("catalog", "import", str(file))
    assert "unchanged: 1" in again.stdout
    file.write_text("{}")
    bad = stopped.run("catalog", "import", str(file))
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "not a catalog file" in bad.stderr
    rebuilt = stopped.run("rebuild", "--json")
    assert json.loads(rebuilt.stdout)["position"] > 500
    exported = stopped.run("catalog", "export", "-")
    assert "new-app" in exported.stdout
    stopped.stop()


def test_without_a_server_the_command_line_writes_itself(
    stopped: RunningServer, tmp_path: Path
) -> None:
    done = stopped.run("catalog", "import", str(DEMO))
    assert done.returncode == 0, done.stderr
    assert "added: 560" in done.stdout
    written = tmp_path / "export.json"
    assert stopped.run("catalog", "export", str(written)).returncode == 0
    assert len(json.loads(written.read_text())["apps"]) == 182
    assert json.loads(stopped.run("rebuild", "--json").stdout)["position"] == 560
    store = open_store(f"sqlite:///{stopped.folder / 'doorward.db'}")
    assert store.head() == 560
    store.close()


def test_a_spreadsheet_is_tried_brought_in_and_what_is_absent_retired(
    stopped: RunningServer, tmp_path: Path
) -> None:
    stopped.start()
    file = tmp_path / "desks.csv"
    head = "app_id,app_name,permission_id,label,source\n"
    file.write_text(head + "desks,Desks,d:1,One,list\ndesks,,d:2,Two,list\n")
    tried = json.loads(stopped.run("catalog", "import", str(file), "--dry-run", "--json").stdout)
    assert (tried["added"], tried["dry_run"]) == (3, True)
    done = json.loads(stopped.run("catalog", "import", str(file), "--json").stdout)
    assert done["added"] == 3
    file.write_text(head + "desks,Desks,d:1,One,list\n")
    gone = stopped.run("catalog", "import", str(file), "--retire-absent", "--json")
    assert json.loads(gone.stdout)["retired"] == 1, gone.stderr
    github = tmp_path / "github.json"
    github.write_text(json.dumps({"organization": {"login": "acme"}, "teams": []}))
    vendor = ("--format", "github", "--audience", "engineering", "--json")
    assert json.loads(stopped.run("catalog", "import", str(github), *vendor).stdout)["apps"] == 1
    stopped.stop()
    words = stopped.run("catalog", "thesaurus").stdout
    assert "payslip" in words
    mine = tmp_path / "words.txt"
    mine.write_text("not a rule\n")
    stopped.settings["DOORWARD_THESAURUS"] = str(mine)
    refused = stopped.run("serve")
    assert refused.returncode == 1
    assert "DOORWARD_THESAURUS" in refused.stderr
    assert "line 1: a rule is a = b, or a > b, c" in refused.stderr


def test_an_auditor_reads_shows_and_verifies_beside_the_server(
    stopped: RunningServer, tmp_path: Path
) -> None:
    stopped.start()
    verified = stopped.run("audit", "verify", "--json")
    assert verified.returncode == 0, verified.stderr
    found = json.loads(verified.stdout)
    assert found["intact"] is True
    noted = tmp_path / "heads.txt"
    noted.write_text(found["head"] + "\n")
    checks = ["chain", "checkpoints", "read models", "decisions"]
    assert list(found["checks"]) == checks
    again = stopped.run("audit", "verify", "--only", "chain", "--expect-file", str(noted))
    assert again.stdout.endswith("intact\n")
    other = f"{found['events']}:{'0' * 64}"
    refused = stopped.run("audit", "verify", "--expect", other, "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["first_bad"] == found["events"]
    people = stopped.run("audit", "log", "--type", "person", "--about", "alice").stdout
    assert "  person-alice  - (system)" in people
    lines = stopped.run("audit", "log", "--app", "salesforce", "--json").stdout.splitlines()
    assert all(json.loads(one)["specversion"] == "1.0" for one in lines)
    assert lines
    shown = stopped.run("audit", "show", "1").stdout
    assert shown.startswith("1  ")
    missing = stopped.run("audit", "show", "no-such")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "no event has this position, request or stream" in missing.stderr
    stopped.stop()


def test_a_second_server_on_the_same_data_is_refused(stopped: RunningServer) -> None:
    stopped.start()
    other = RunningServer(stopped.folder, stopped.settings)
    refused = other.run("serve")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "another Doorward already writes" in refused.stderr
    stopped.stop()


def test_a_port_in_use_is_named(stopped: RunningServer) -> None:
    with socket.create_server(("127.0.0.1", stopped.port)):
        refused = stopped.run("serve", "--demo")
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1:{stopped.port}: Address already in use" in refused.stderr
    assert "DOORWARD_PORT" in refused.stderr


@pytest.mark.parametrize(
    ("settings", "arguments", "line"),
    [
        ({"DOORWARD_PROT": "1"}, ["serve"], "DOORWARD_PROT is not a setting of Doorward"),
        ({"DOORWARD_PORT": "x"}, ["serve"], "DOORWARD_PORT is malformed"),
        ({"DOORWARD_HOST": "no.such.host.invalid"}, ["serve"], "cannot listen on no.such.host"),
        (
            {"DOORWARD_DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x"},
            ["serve"],
            "PostgreSQL: connection failed",
        ),
        ({"DOORWARD_DATABASE_URL": "postgresql://me:hunter2@[x"}, ["serve"], "is malformed"),
        ({"DOORWARD_DATABASE_URL": "sqlite:////no/such/x.db"}, ["serve"], "there is no folder"),
        ({"DOORWARD_DATA_DIR": "/dev/null/x"}, ["serve"], "cannot make the data folder"),
        ({}, ["catalog", "import", "/no/such/file"], "/no/such/file: No such file or directory"),
        ({}, ["catalog", "export", "-"], "there is no database at"),
        ({}, ["audit", "show", "\udcff"], "is not all UTF-8"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_a_non_zero_exit(
    stopped: RunningServer, settings: dict[str, str], arguments: list[str], line: str
) -> None:
    stopped.settings.update(settings)
    refused = stopped.run(*arguments)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("doorward: ")
    assert refused.stderr.count("\n") == 1
    assert line in refused.stderr
    assert "hunter2" not in refused.stderr


def test_postgresql_serves_the_same(tmp_path: Path, postgres_url: str) -> None:
    settings = {"DOORWARD_DATABASE_URL": postgres_url, "DOORWARD_NATS_URL": "off"}
    server = RunningServer(tmp_path / "data", settings).start()
    health = httpx.get(f"{server.issuer}/healthz").json()
    assert health["position"] == 565
    done = server.run("catalog", "import", str(DEMO))
    assert "unchanged: 560" in done.stdout, done.stderr
    assert server.stop() == 0


def wait_for_nats(server: RunningServer, state: str) -> dict[str, Any]:
    """Return the health once NATS is in this state and nothing is left to publish."""
    for _ in range(3_000):
        health: dict[str, Any] = httpx.get(f"{server.issuer}/healthz").json()
        nats = health["nats"]
        settled = nats["reason"] != "not started" if state != "following" else nats["lag"] == 0
        if nats["state"] == state and settled:
            return health
    raise AssertionError(health)
