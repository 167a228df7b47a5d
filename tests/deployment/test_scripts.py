"""The scripts of the compose file, run with folders in place of volumes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import psycopg

from server import deployment
from server.wiring.keys import KEY_FILES
from server.wiring.nats_seeds import PUBLISHER, READER

FOLDERS = ("keys", "data", "password", "database")


def run(script: str, folder: Path, **settings: str) -> None:
    """Run a script; its folders are below one of the test's. Owners stay as they are."""
    text = (deployment.FOLDER / "compose" / script).read_text()
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
        text = text.replace(f" /{name}", f" {folder / name}")
        text = text.replace(f"(cat /{name}", f"(cat {folder / name}")
    text = "".join(line for line in text.splitlines(True) if not line.startswith("chown "))
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DOORWARD_DATA_DIR": str(folder / "own"),
        **settings,
    }
    done = subprocess.run(
        ["sh", "-c", text], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_keys_and_password_are_made_once_and_stay(tmp_path: Path) -> None:
    run("make-keys.sh", tmp_path)
    made = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    assert {path.name for path in made if path.parent.name == "keys"} == {
        *KEY_FILES,
        PUBLISHER,
        READER,
    }
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    url = psycopg.conninfo.conninfo_to_dict((tmp_path / "data" / "url").read_text())
    assert url["password"] == (tmp_path / "password" / "password").read_text()
    assert len(str(url["password"])) > 40
    assert (url["host"], url["dbname"]) == ("postgres", "doorward")
    run("make-keys.sh", tmp_path)
    assert {path: path.read_bytes() for path in made} == made


def test_accounts_are_written_for_servers_that_run_as_others(tmp_path: Path) -> None:
    run("make-keys.sh", tmp_path)
    run("write-accounts.sh", tmp_path, DOORWARD_KEYS_DIR=str(tmp_path / "keys"))
    written = tmp_path / "data" / "accounts.conf"
    assert written.read_text().startswith("accounts {")
    assert stat.S_IMODE(written.stat().st_mode) == 0o644
    assert not written.with_suffix(".conf.new").exists()
