"""The wheel holds everything, and what is installed from it runs from anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_pages_and_demo_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    assert {"server/pages/consent.html", "server/demo/catalog-demo.json"} <= names
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"domain", "adapters", "projections", "server"}


def test_the_installed_command_runs_from_the_root_of_the_disk(wheel: Path, tmp_path: Path) -> None:
    """The wheel's own code, beside the dependencies that are installed already."""
    fresh = tmp_path / "venv"
    venv.create(fresh, with_pip=False)
    library = next((fresh / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(library)
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (library / "dependencies.pth").write_text(ours + "\n")
    environment = {"PATH": os.environ["PATH"], "DOORWARD_DATA_DIR": str(tmp_path / "data")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = [str(fresh / "bin" / "python"), "-m", "server", *arguments]
        return subprocess.run(
            program, cwd="/", env=environment, capture_output=True, text=True, check=False
        )

    said = run("--version")
    assert said.stdout.startswith("doorward "), said.stderr
    demo = library / "server" / "demo" / "catalog-demo.json"
    done = run("catalog", "import", str(demo))
    assert "added: 560" in done.stdout, done.stderr
    assert str(library) in run_where(fresh, environment)


def run_where(fresh: Path, environment: dict[str, str]) -> str:
    """Return where the installed package really is."""
    found = subprocess.run(
        [str(fresh / "bin" / "python"), "-c", "import server; print(server.__file__)"],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout
