"""The command line, from its own parsers: what ``--help`` says of every command and action."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from importlib import import_module

from server.__main__ import COMMANDS

WIDTH = 96


def commands() -> str:
    """Return every command with its help."""
    parts = []
    for name, (module, words) in sorted(COMMANDS.items()):
        parser = argparse.ArgumentParser(prog=f"doorward {name}")
        import_module(f"server.command_line.{module}").COMMANDS[name](parser)
        helps = "\n\n".join(one.format_help().strip() for one in _all(parser))
        parts.append(f"## {name}\n\n{words[0].upper()}{words[1:]}.\n\n```text\n{helps}\n```")
    return "\n\n".join(parts)


def _all(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and those of its actions, each of a width of its own and not the terminal's."""
    parser.formatter_class = partial(argparse.HelpFormatter, width=WIDTH)
    yield parser
    for action in parser._actions:  # noqa: SLF001 - argparse tells its actions nowhere else
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - likewise
            for inner in action.choices.values():
                yield from _all(inner)
