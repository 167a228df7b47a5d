"""From the sources of the pages to what mkdocs takes: includes and generated parts put in their places, the
configuration and the files that pages link to put beside them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from server.contract import files as contract_files
from server.documentation.including import FILES, ROOT, section_of
from server.documentation.reference import GENERATED
from server.documentation.reference.events import CONTRACT

HERE = Path(__file__).parent
PAGES = "pages"
TENANT = "main"
_DIRECTIVE = re.compile(r"^<!-- (include|generated): (.+) -->$", re.MULTILINE)


def assemble(folder: Path) -> None:
    """Write into a folder, made anew, all that the site is built from."""
    pages = folder / PAGES
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    shutil.copy(HERE / "mkdocs.yml", folder / "mkdocs.yml")
    _write_contract(pages / CONTRACT)
    for source in sorted((HERE / PAGES).iterdir()):
        if source.suffix == ".md":
            text, files = assembled(source.read_text(encoding="utf-8"))
            (pages / source.name).write_text(text, encoding="utf-8")
            _copy(files, pages)
        else:
            shutil.copy(source, pages / source.name)


def assembled(text: str) -> tuple[str, Sequence[Path]]:
    """Return a page with everything in its place, and the files that it links to."""
    files: list[Path] = []

    def replaced(found: re.Match[str]) -> str:
        kind, said = found.groups()
        if kind == "generated":
            return GENERATED[said]()
        document, title, *marks = (part.strip() for part in said.split("|"))
        mark = marks[0].removeprefix("not run: ") if marks else ""
        included = section_of(document, title, mark)
        files.extend(included.files)
        return included.text

    return _DIRECTIVE.sub(replaced, text), files


def _copy(files: Sequence[Path], pages: Path) -> None:
    for file in files:
        target = pages / FILES / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, target)


def _write_contract(folder: Path) -> None:
    folder.mkdir()
    for name, text in contract_files(TENANT).items():
        (folder / name).write_text(text, encoding="utf-8")
