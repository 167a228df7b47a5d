"""A browser as other programs start one: ``python -m tests.e2e.open_browser ISSUER USER HOME URL``. It plays
the person on the pages and brings the answer to the program that waits for it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import httpx

from tests.browser import FormBrowser

ROOT = Path(__file__).parents[2]
OPENED = "opened"
"""The file of a home that holds the URLs for which a browser was started in it, a line each."""

UNTICKED = "unticked"
"""The file of a home that holds what the person unticks, once: the next time he leaves all as it is."""

LISTENING_SECONDS = 20


async def main(issuer: str, username: str, home: str, url: str) -> None:
    async with FormBrowser(issuer, username) as browser:
        browser.unticked = taken_from(Path(home) / UNTICKED)
        landed = await browser.visit(url)
    await brought(landed)


def taken_from(file: Path) -> set[str]:
    """Return the lines of a file, which is gone then; nothing where there is none."""
    if not file.exists():
        return set()
    lines = file.read_text().splitlines()
    file.unlink()
    return set(lines)


async def brought(landed: str) -> None:
    """Bring the answer to the program that waits for it. mcp-remote listens only once it has seen
    how its browser gets on, and this person is faster than that."""
    async with asyncio.timeout(LISTENING_SECONDS), httpx.AsyncClient() as http:
        while True:
            try:
                await http.get(landed)
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return


def program(path: Path, issuer: str, username: str) -> Path:
    """Write a program that opens the URL it is given, as this person, and keeps a note of it."""
    home = path.parent.parent
    note = f'printf "%s\\n" "$1" >>"{home / OPENED}"'
    command = f'"{sys.executable}" -m tests.e2e.open_browser "{issuer}" "{username}" "{home}" "$1"'
    path.write_text(
        f'#!/bin/sh\n{note}\ncd "{ROOT}" && exec {command} </dev/null >/dev/null 2>&1\n'
    )
    path.chmod(0o755)
    return path


def surroundings(home: Path, issuer: str, username: str = "alice") -> dict[str, str]:
    """Return an environment with a home of its own, in which a browser is that program, by
    whatever name it is looked for."""
    programs = home / "bin"
    programs.mkdir(parents=True)
    opener = program(programs / "xdg-open", issuer, username)
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "BROWSER": f"{opener} %s",
    }


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
