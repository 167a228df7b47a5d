"""The container file: its sources, its user, and that what it installs is pinned. A daemon to build it with
is not always there; its own commands for the wheel are run in `tests/test_packaging.py`'s way."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from server import deployment

ROOT = Path(__file__).parents[2]
TEXT = (deployment.FOLDER / "Containerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """Return each instruction with its argument, continued lines joined."""
    joined = re.sub(r"\\\n", " ", TEXT)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def of(name: str) -> list[str]:
    return [argument for one, argument in instructions() if one == name]


def test_what_it_copies_is_there_and_reaches_the_daemon() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    sources = {
        source
        for argument in of("COPY")
        if not argument.startswith("--from")
        for source in argument.split()[:-1]
    }
    assert sources == sent
    for source in sources:
        assert (ROOT / source).exists()
        assert not any(fnmatch.fnmatch(source, line) for line in ignored if line[:2] == "**")


def test_it_ends_as_a_user_without_rights_and_says_how_it_is() -> None:
    last = max(number for number, (name, _) in enumerate(instructions()) if name == "FROM")
    final = instructions()[last:]
    assert ("USER", "10001:10001") in final
    assert ("EXPOSE", "8000") in final
    assert ("ENTRYPOINT", '["doorward"]') in final
    (health,) = of("HEALTHCHECK")
    assert "/readyz" in health
    assert all(name != "COPY" or argument.startswith("--from=build") for name, argument in final)


def test_its_bases_are_public_and_have_a_version() -> None:
    (version,) = (one.partition("=")[2] for one in of("ARG") if one.startswith("PYTHON="))
    assert re.fullmatch(r"3\.\d+-slim-\w+", version)
    bases = {argument.split()[0] for argument in of("FROM")}
    assert bases == {"docker.io/library/python:${PYTHON}"}


def test_its_check_of_health_is_a_program_that_python_takes() -> None:
    (health,) = of("HEALTHCHECK")
    program = re.search(r'"-c", "(.+)"\]', health)
    assert program is not None
    compile(program[1], "check", "exec")


def test_all_that_it_installs_is_pinned() -> None:
    """The dependencies of the wheel and of the builder, and theirs, as they are installed here."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {_plain(line.split("==")[0]) for line in lines if "==" in line}
    waiting = ["doorward", "doorward[parquet]", "doorward[semantic]", "doorward[telemetry]"]
    waiting.append("hatchling")
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        plain = _plain(name.split("[")[0])
        assert plain == "doorward" or plain in pinned, name
        waiting += _needed(name)
    assert len(seen) > 40


def _needed(name: str) -> list[str]:
    distribution, _, extra = name.rstrip("]").partition("[")
    found = []
    for text in metadata.requires(distribution) or []:
        one = Requirement(text)
        if one.marker is None or one.marker.evaluate({"extra": extra}):
            found += [f"{one.name}[{each}]" for each in one.extras] + [one.name]
    return found


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def test_its_command_builds_a_wheel_with_all_files_for_running(tmp_path: Path) -> None:
    (command,) = (one for one in of("RUN") if "hatchling build" in one)
    program, *arguments = command.replace("/wheel", str(tmp_path)).split()
    assert program == "/builder/bin/python"
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for file in deployment.files():
        assert f"server/deployment/{file} " in listed, file
