"""fastmcp's client as a process of its own, in an environment of its own; its browser is a program that plays
the person."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.e2e.npm_clients import ANSWER_SECONDS, CLIENTS, running
from tests.e2e.open_browser import OPENED, UNTICKED, surroundings

PYTHON = Path(sys.prefix) / "fastmcp" / "bin" / "python"


class Fastmcp:
    """One person's client, with a home of its own."""

    def __init__(self, issuer: str, home: Path) -> None:
        self.url = f"{issuer}/mcp/user"
        self.home = home
        self.environment = surroundings(home, issuer)
        # Python waits for a browser that does not end in this, and fastmcp listens only after that.
        self.environment["BROWSER"] += " &"

    async def told(self, *arguments: str) -> dict[str, Any]:
        """Let it do its job; return what it tells of it."""
        command = (PYTHON, CLIENTS / "fastmcp_client.py", self.url, *arguments)
        how = {"stderr": asyncio.subprocess.PIPE, "env": self.environment}
        async with running(*command, **how) as process:
            told, said = await asyncio.wait_for(process.communicate(), ANSWER_SECONDS)
            assert process.returncode == 0, said.decode()
        message: dict[str, Any] = json.loads(told.splitlines()[-1])
        return message

    def untick(self, scope: str) -> None:
        """Let the person leave out this scope when he is asked first."""
        (self.home / UNTICKED).write_text(f"allow:{scope}\n")

    def opened(self) -> list[str]:
        """Return the URLs that it has opened a browser for."""
        return (self.home / OPENED).read_text().splitlines()
