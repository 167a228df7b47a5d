"""Where the browser is that tests drive."""

from __future__ import annotations

import shutil

from tests.conftest import missing


def chromium_path() -> str:
    """Return Chromium's program; without it the test fails in CI and is skipped elsewhere."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        missing("Chromium")
    return str(found)
