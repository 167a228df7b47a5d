"""The house rules, as tests: budgets, docstrings, imports, names, and nothing of any one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("domain", "adapters", "projections", "server")
MODULES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
MODULE_LINES, FUNCTION_LINES = 300, 30


def tracked() -> list[Path]:
    """Return every file of the project; of a checkout, those that git knows."""
    known = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    files = [ROOT / name.decode() for name in known.stdout.split(b"\0") if name]
    return [file for file in files if file.is_file()]


@pytest.mark.parametrize("module", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_modules_and_functions_are_small_and_modules_say_what_they_hold(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= MODULE_LINES
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            own = lines - _docstring_lines(node)
            assert own <= FUNCTION_LINES, f"{node.name} has {own} lines"
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} says nothing of itself"


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    text = ast.get_docstring(node, clean=False)
    return len(text.splitlines()) if text else 0


def test_imports_keep_their_direction() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout


def test_no_name_is_one_that_says_nothing() -> None:
    banned = re.compile(r"(Manager|Helper|Utils?|Impl|DTO|Abstract\w*)$")
    found = [
        f"{module.name}: {node.name}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.ClassDef) and banned.search(node.name)
    ]
    assert found == []


def test_only_the_command_line_reads_the_environment() -> None:
    readers = [
        str(file.relative_to(ROOT))
        for file in MODULES
        if re.search(r"os\.(environ|getenv)", file.read_text())
    ]
    assert readers == ["server/__main__.py"]


def test_the_domain_has_no_any() -> None:
    imports = re.compile(r"^from typing import .*\bAny\b", re.MULTILINE)
    domain = (ROOT / "domain").rglob("*.py")
    found = [file.name for file in domain if imports.search(file.read_text())]
    assert found == []


def test_no_other_distribution_claims_our_package_names() -> None:
    owners = metadata.packages_distributions()
    claims = {name: set(owners.get(name, [])) - {"doorward"} for name in PACKAGES}
    assert claims == {name: set() for name in PACKAGES}


def test_every_direct_dependency_is_pinned_once() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line]
    project = (ROOT / "pyproject.toml").read_text()
    wanted = set(re.findall(r'^    "([a-z0-9-]+)[\[>=]', project, re.MULTILINE))
    assert len(pinned) == len(set(pinned))
    assert wanted <= set(pinned)


def test_nothing_of_one_machine_or_registry_is_in_the_project() -> None:
    forbidden = re.compile(
        rb"/root/|/home/(?!you/)\w|/work/|file:///opt|files\.pythonhosted|registry\.npmjs|"
        rb"--index-url|--find-links|sk-[a-z0-9]{20}"
    )
    here = Path(__file__)
    found = [
        str(file.relative_to(ROOT))
        for file in tracked()
        if file != here and forbidden.search(file.read_bytes())
    ]
    assert found == []


def test_lock_files_with_download_addresses_are_out() -> None:
    names = {"uv.lock", "pylock.toml", "poetry.lock", "package-lock.json", "yarn.lock"}
    assert [file.name for file in tracked() if file.name in names] == []


def test_there_are_no_promises_in_the_code() -> None:
    promise = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    here = Path(__file__)
    found = [
        str(file.relative_to(ROOT))
        for file in tracked()
        if file.suffix in {".py", ".mjs", ".html"}
        and file != here
        and promise.search(file.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "example",
    sorted((ROOT / "server" / "examples").glob("*_service.py")),
    ids=lambda file: file.stem,
)
def test_an_example_needs_nothing_but_nats(example: Path) -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(example.read_text()))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"nats"}
