"""The command that lists, prints and writes the files, and the operator's document beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server import deployment
from server.__main__ import COMMANDS, main
from server.config import SECRETS
from server.setting_parsers import PARSERS

README = (deployment.FOLDER / "README.md").read_text()


def test_the_command_lists_and_prints_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deployment"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert {"README.md", "Containerfile", "compose.yaml", ".env.example"} <= set(listed)
    assert not [name for name in listed if name.endswith((".py", ".pyc"))]
    assert main(["deployment", "compose.yaml"]) == 0
    assert capsys.readouterr().out == (deployment.FOLDER / "compose.yaml").read_text()


def test_it_writes_all_files_and_none_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deployment", "--to", str(tmp_path)]) == 0
    for file in deployment.files():
        assert (tmp_path / file).read_bytes() == (deployment.FOLDER / file).read_bytes()
    (tmp_path / "README.md").unlink()
    assert main(["deployment", "--to", str(tmp_path)]) == 1
    assert "is there already; nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "README.md").exists()


def test_a_name_that_is_none_of_them_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deployment", "../config.py"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_what_the_document_names_is_there() -> None:
    for file in re.findall(r"\]\(([^)]+)\)", README):
        assert (deployment.FOLDER / file).exists(), file
    named = re.findall(r"(?:`|^|exec doorward-1 )doorward ([a-z-]+)", README, re.MULTILINE)
    assert len(named) > 10
    assert set(named) <= set(COMMANDS)
    for setting in re.findall(r"DOORWARD_([A-Z_]+)\b", README):
        known = setting.lower()
        stream = setting == "EVENTS"
        assert stream or known in PARSERS or known.removesuffix("_file") in SECRETS, setting
