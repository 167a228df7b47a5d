"""The generated parts of the pages, by the names under which pages ask for them. Each is a function of the
code alone, so that a page cannot say what the code does not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.documentation.including import ROOT
from server.documentation.reference.commands import commands
from server.documentation.reference.events import command_messages, events
from server.documentation.reference.metrics import metrics
from server.documentation.reference.offers import features, prompts, resources
from server.documentation.reference.refusals import refusals
from server.documentation.reference.settings import settings
from server.documentation.reference.statuses import statuses
from server.documentation.reference.tools import admin_tools, scopes, user_tools
from server.documentation.reference.transcript import transcript


def client() -> str:
    """Return the program of the quick start."""
    text = (ROOT / "server" / "documentation" / "client.py").read_text(encoding="utf-8")
    return f"```python\n{text}```"


GENERATED: Mapping[str, Callable[[], str]] = {
    "admin tools": admin_tools,
    "client": client,
    "command messages": command_messages,
    "commands": commands,
    "events": events,
    "features": features,
    "metrics": metrics,
    "prompts": prompts,
    "refusals": refusals,
    "resources": resources,
    "scopes": scopes,
    "settings": settings,
    "statuses": statuses,
    "transcript": transcript,
    "user tools": user_tools,
}
