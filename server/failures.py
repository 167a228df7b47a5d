"""Why a command cannot be done, where that is no fault of what was given. The messages say why and what to do;
the command line shows them as one line."""

from __future__ import annotations


class StartFailed(Exception):  # noqa: N818 - says what happened
    """The system cannot start; the message says why and what to do."""


class StoreInUse(StartFailed):
    """Another process writes this SQLite file."""


class NoServer(StartFailed):
    """No server of this data folder is there to do what it alone can do."""


class WorkFailed(Exception):  # noqa: N818 - says what happened
    """The running server could not do the work that was handed to it; the message says why."""
