"""``python -m server.documentation FOLDER`` writes into FOLDER what mkdocs builds the site from."""

from __future__ import annotations

import sys
from pathlib import Path

from server.documentation.assembling import assemble


def main(arguments: list[str]) -> int:
    """Write the pages; return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m server.documentation FOLDER\n")
        return 2
    assemble(Path(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
