"""The pages as they are built, and a server for each page whose shell blocks are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.documentation.assembling import PAGES, assemble


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that mkdocs builds the site from."""
    folder = tmp_path_factory.mktemp("documentation")
    assemble(folder)
    return folder


@pytest.fixture(scope="session")
def pages(source: Path) -> list[Path]:
    return sorted((source / PAGES).glob("*.md"))
