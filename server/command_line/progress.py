"""How far long work has come, shown on a terminal, and nothing elsewhere."""

from __future__ import annotations

import sys


def show_progress(done: int, total: int) -> None:
    """Show it in place of what was shown before."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{done:,} of {total:,}{end}")
        sys.stderr.flush()
