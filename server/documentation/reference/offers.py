"""What clients are offered beside tools: prompts, by their definitions, the resource of a request, and what
features add."""

from __future__ import annotations

from domain.feature import FEATURES
from server.documentation.markdown import code, table
from server.mcp.definitions import Icon
from server.mcp.prompts.user import user_prompts
from server.mcp.resources.requests import TEMPLATE


def features() -> str:
    """Return a table of all features."""
    rows = [(code(name), words) for name, words in FEATURES.items()]
    return table(("feature", "what it brings"), rows)


def prompts() -> str:
    """Return a table of the prompts of employees' clients."""
    rows = []
    for one in user_prompts(Icon("", "")):
        told = one.definition
        given = ", ".join(
            code(argument.name) if argument.required else f"{code(argument.name)} (or not)"
            for argument in told.arguments
        )
        rows.append((code(told.name), told.description, given))
    return table(("prompt", "what it is for", "arguments"), rows)


def resources() -> str:
    """Return what can be read by its URI."""
    return f"{code(TEMPLATE.uri_template)}: {TEMPLATE.description}"
