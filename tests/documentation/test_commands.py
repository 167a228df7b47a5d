"""The commands that README and pages name, with their actions and options, are those of the command line; what
troubleshooting has between quotation marks is what Doorward says."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from server.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]
SPOKEN = re.compile(
    r"(?:`|^\s*|&& |\$\()doorward ([a-z][^`\n#|>)]*(?:\|[a-z-]+)*[^`\n#|>)]*)", re.MULTILINE
)
FEWEST = 80


def test_every_command_action_and_option_that_a_page_names_is_one() -> None:
    named = [(file, words) for file, text in texts() for words in SPOKEN.findall(text)]
    assert len(named) > FEWEST
    wrong = [(file, words) for file, words in named for one in wordings(words) if unknown(one)]
    assert wrong == []


def test_what_troubleshooting_quotes_is_what_is_said() -> None:
    page = (ROOT / "server" / "documentation" / "pages" / "troubleshooting.md").read_text()
    firsts = [line.split("|")[1] for line in page.splitlines() if line.startswith("|")]
    quoted = {one for first in firsts for one in re.findall(r'(?<!`)"([^"`]+)"(?!`)', first)}
    assert len(quoted) > 2
    said = "".join(
        re.sub(r'"\s+f?"', "", file.read_text())
        for package in ("server", "domain", "adapters")
        for file in (ROOT / package).rglob("*.py")
    )
    assert [one for one in sorted(quoted) if one not in said] == []


def texts() -> Iterator[tuple[str, str]]:
    for file in (
        ROOT / "README.md",
        ROOT / "server" / "deployment" / "README.md",
        *sorted((ROOT / "server" / "documentation" / "pages").glob("*.md")),
    ):
        yield file.name, file.read_text()


def wordings(words: str) -> Iterator[list[str]]:
    """Yield what is said in one line, ``list|on|off`` as three."""
    parts = words.replace("[", "").replace("]", "").split()
    for choice in next((one.split("|") for one in parts if "|" in one), [""]):
        yield [choice if "|" in one else one for one in parts]


def unknown(words: list[str]) -> str:
    """Return the first word that the command line does not know, empty if it knows all."""
    command, *rest = words
    if command not in COMMANDS:
        return command
    parser = argparse.ArgumentParser(prog=command)
    import_module(f"server.command_line.{COMMANDS[command][0]}").COMMANDS[command](parser)
    for word in rest:
        actions = choices(parser)
        if word in actions:
            parser = actions[word]
            continue
        options = parser._option_string_actions
        absent_option = word.startswith("--") and word not in options
        if absent_option or (actions and re.fullmatch("[a-z-]+", word)):
            return word
    return ""


def choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}
