"""Which prompts there are for whom, and what is in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.errors import TextTooLong
from server.bearer import AccessGrant
from server.mcp.offering_faults import BadQuestion
from server.mcp.prompts.definitions import Fields, ServedPrompt
from server.mcp.prompts.quoting import cleaned
from server.mcp.tools import Toolset

NO_PROMPT = "There is no such prompt."


class Prompts:
    """The prompts of one resource."""

    def __init__(self, prompts: Sequence[ServedPrompt], tools: Toolset) -> None:
        """`tools` are those of the same resource."""
        self._prompts: Mapping[str, ServedPrompt] = {one.definition.name: one for one in prompts}
        self._tools = tools

    def listed(self, grant: AccessGrant) -> Fields:
        """Return the result of prompts/list."""
        shown = [one for one in self._prompts.values() if self._is_for(one, grant)]
        return {"prompts": [one.definition.fields() for one in shown]}

    def find(self, name: str, grant: AccessGrant) -> ServedPrompt:
        """Return a prompt that exists for the caller; raises `BadQuestion`."""
        prompt = self._prompts.get(name)
        if prompt is None or not self._is_for(prompt, grant):
            raise BadQuestion(NO_PROMPT)
        return prompt

    def get(self, name: str, given: Mapping[str, str], grant: AccessGrant) -> Fields:
        """Return the result of prompts/get; raises `BadQuestion`."""
        prompt = self.find(name, grant)
        messages = prompt.write(_taken(prompt, given))
        return {
            "description": prompt.definition.description,
            "messages": [one.fields() for one in messages],
        }

    def _is_for(self, prompt: ServedPrompt, grant: AccessGrant) -> bool:
        return all(self._tools.find(name, grant) for name in prompt.tools)


def _taken(prompt: ServedPrompt, given: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments that are filled in, in the order in which they are listed."""
    known = prompt.definition.arguments
    if not given.keys() <= {one.name for one in known}:
        names = ", ".join(one.name for one in known) or "none"
        raise BadQuestion(f"The arguments of this prompt are: {names}.")
    taken: dict[str, str] = {}
    for one in known:
        try:
            text = cleaned(one.name, given.get(one.name, ""))
        except TextTooLong as fault:
            raise BadQuestion(f"{one.name} is too long; shorten it.") from fault
        if text:
            taken[one.name] = text
        elif one.required:
            raise BadQuestion(f"{one.name} is required.")
    return taken
