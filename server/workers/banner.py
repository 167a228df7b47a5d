"""Telling people that the server is ready: once, by whichever process they have started."""

from __future__ import annotations

import sys


def show_banner(banner: str) -> None:
    """Write it to stdout, at once."""
    sys.stdout.write(banner)
    sys.stdout.flush()
