"""The recorded walk-through: ``python -m tests.documentation.recording FILE`` runs it in a terminal of its own
and writes what was seen as an asciicast (version 2). Commands, server, client and browsers are real; only the pace
is set, and what differs from machine to machine is written as on the reader's: port and data folder. Of the long
URL of the sign-in the beginning is shown."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.browsing import chromium_path
from tests.e2e.open_browser import surroundings
from tests.running import free_port

ROOT = Path(__file__).parents[2]
PASSWORD = "demo-password"
COLUMNS, ROWS = 120, 34
KEY, PAUSE, LONGEST = 0.03, 1.2, 1.0
"""Seconds: from one typed character to the next, after a command, and the most that waiting is shown as."""
DONE = "\x1e"
READABLE_HOST, READABLE_FOLDER = "127.0.0.1:8000", "/home/you/doorward"
MCP = f"http://{READABLE_HOST}/mcp/user"
WISH = {
    "app_id": "github",
    "requestable_permission_ids": ["github:team-mobile-write"],
    "business_justification": "Release 2.4",
    "access_length": "7 days",
}
SEARCH = {"search_term": "push to the mobile app", "size": 3}


def call(tool: str, arguments: object = None) -> str:
    given = "" if arguments is None else f" '{json.dumps(arguments)}'"
    return f"python client.py {MCP} {tool}{given}"


START = "doorward serve --demo &"
COMMANDS = (
    "# A server with a demo catalog, demo people and NATS inside",
    START,
    "# A client of alice's. Its first call opens her browser, where she signs in and allows it",
    call("search_requestable_permissions", SEARCH),
    "# Who would decide? A preview stores nothing",
    call("submit_access_request", {**WISH, "dry_run": True}),
    call("submit_access_request", WISH),
    f"# Bob, her manager, approves at http://{READABLE_HOST}/inbox; then carol, who owns the app",
    call("list_access_requests"),
    "# Admin grants it by hand and says so; an integration would be told by an event",
    call("list_access_requests"),
    "# Who did what, through which client; why; and that nobody changed it since",
    "doorward audit log --type access_request",
    "doorward audit why REQUEST | sed -n '/^decisions/,/^$/p'",
    "doorward audit verify 2>/dev/null",
)
"""What is typed. `REQUEST` stands for the id of the request, which is another one each time."""


@dataclass
class Terminal:
    """A shell whose output goes to a terminal, and what was seen there, by a clock of its own."""

    folder: Path
    environment: dict[str, str]
    readable: dict[str, str]
    seen: list[tuple[float, str]] = field(default_factory=list)
    clock: float = 0.0

    def __post_init__(self) -> None:
        self._shown, theirs = pty.openpty()
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        self.shell = subprocess.Popen(
            ["bash", "-s"],
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            cwd=self.folder,
            env=self.environment,
            start_new_session=True,
        )
        os.close(theirs)

    def type(self, line: str) -> None:
        """Show a prompt and a line as somebody types it."""
        self._show("$ ", PAUSE)
        for character in line:
            self._show(character, KEY)
        self._show("\r\n", KEY)

    def run(self, command: str, until: str = "") -> str:
        """Run a command as it is, wait for its end and, where given, for a text; return what it said."""
        actual = command
        for real, readable in self.readable.items():
            actual = actual.replace(readable, real)
        assert self.shell.stdin is not None
        self.shell.stdin.write(
            f"{{ {actual}\n}} </dev/null\nprintf '{DONE}%s{DONE}' $?\n".encode()
        )
        self.shell.stdin.flush()
        return self._read(until)

    def close(self) -> None:
        """End the shell, and with it what it has started."""
        assert self.shell.stdin is not None
        self.shell.stdin.write(b"kill $(jobs -p) && wait\n")
        self.shell.stdin.close()
        while _chunk(self._shown):
            continue  # what is said at the end is no part of the recording
        assert self.shell.wait() == 0
        os.close(self._shown)

    def _read(self, until: str) -> str:
        said, status = "", None
        while status is None or until not in said:
            chunk = _chunk(self._shown)
            assert chunk, f"the shell has ended: {said}"
            said += chunk
            if found := re.search(f"{DONE}(\\d+){DONE}", said):
                status, said = int(found[1]), said.replace(found[0], "")
        assert status == 0, said
        for real, readable in self.readable.items():
            said = said.replace(real, readable)
        said = re.sub(r"(/authorize\?)\S+", r"\1...", said)
        for line in said.splitlines(keepends=True):
            self._show(line, KEY)
        return said

    def _show(self, text: str, after: float) -> None:
        self.clock += min(after, LONGEST)
        self.seen.append((round(self.clock, 3), text))


def _chunk(descriptor: int) -> str:
    try:
        return os.read(descriptor, 65536).decode("utf-8", "replace")
    except OSError:
        return ""  # Linux says so when the other end of a terminal has closed


def decided(issuer: str, username: str, request_id: str, button: str) -> None:
    """Press a button on a request's page, as this person, in Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(f"{issuer}/requests/{request_id}")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.click("button")
        page.get_by_role("button", name=button).click()
        page.wait_for_url("**done=*")
        browser.close()


def recorded(folder: Path, tell: Callable[[str], object] = lambda _line: None) -> list[str]:
    """Run the walk-through in a folder; return the lines of the recording."""
    port = free_port()
    issuer, home = f"http://127.0.0.1:{port}", folder / "home"
    work = folder / "doorward"
    work.mkdir()
    shutil.copy(ROOT / "server" / "documentation" / "client.py", work)
    terminal = Terminal(work, _environment(home, issuer, port), _readable(port, work))
    request_id = ""
    try:
        for command in COMMANDS:
            tell(command)
            line = command.replace("REQUEST", request_id)
            terminal.type(line)
            if command.startswith("#"):
                _play(command, issuer, request_id)
                continue
            said = terminal.run(line, until="Sign-in" if command == START else "")
            found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", said)
            if "submit_access_request" in command and found:
                request_id = found[0]
    finally:
        terminal.close()
    return _asciicast(terminal.seen)


def _play(comment: str, issuer: str, request_id: str) -> None:
    """Do what a comment tells of people at their browsers."""
    if comment.startswith("# Bob"):
        decided(issuer, "bob", request_id, "Approve")
        decided(issuer, "carol", request_id, "Approve")
    elif comment.startswith("# Admin"):
        decided(issuer, "admin", request_id, "It is done")


def _environment(home: Path, issuer: str, port: int) -> dict[str, str]:
    home.mkdir()
    programs = str(Path(sys.executable).parent)
    around = {k: v for k, v in surroundings(home, issuer).items() if not k.startswith("DOORWARD_")}
    return {
        **around,
        "PATH": f"{programs}{os.pathsep}{around['PATH']}",
        "DOORWARD_PORT": str(port),
        "DOORWARD_DEMO_PASSWORD": PASSWORD,
        "COLUMNS": str(COLUMNS),
        "TERM": "xterm-256color",
    }


def _readable(port: int, work: Path) -> dict[str, str]:
    return {f"127.0.0.1:{port}": READABLE_HOST, str(work): READABLE_FOLDER}


def _asciicast(seen: list[tuple[float, str]]) -> list[str]:
    head = {"version": 2, "width": COLUMNS, "height": ROWS, "title": "Doorward, a walk-through"}
    return [json.dumps(head), *(json.dumps([at, "o", text]) for at, text in seen)]


def main(file: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        lines = recorded(Path(folder), lambda line: print(line, file=sys.stderr))
    Path(file).write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
