"""What a subscriber wishes to be told of, and what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.errors import MalformedText
from domain.values import RequestId, identifier

REQUESTS = "doorward://requests/"
"""How the URI of a request begins; its id is the rest."""
MOST_URIS = 100
"""Of one stream; those beyond are left out of what is honoured."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a client is told: a notification, and the URI that it is about if it is about one."""

    method: str
    uri: str = ""

    @property
    def kind(self) -> str:
        """What has changed, and how, in a word."""
        return self.method.removeprefix("notifications/")

    def params(self) -> dict[str, object]:
        """Return its parameters, without those that every notice has."""
        return {"uri": self.uri} if self.uri else {}


TOOLS = Notice("notifications/tools/list_changed")
PROMPTS = Notice("notifications/prompts/list_changed")
RESOURCES = Notice("notifications/resources/list_changed")


def updated(uri: str) -> Notice:
    """Return the notice that a resource has changed."""
    return Notice("notifications/resources/updated", uri)


def request_uri(request_id: str) -> str:
    """Return the URI of a request."""
    return REQUESTS + request_id


def request_in(uri: str) -> RequestId | None:
    """Return the request that a URI names, None if it names none."""
    return RequestId(uri.removeprefix(REQUESTS)) if uri.startswith(REQUESTS) else None


@dataclass(frozen=True, slots=True)
class Wishes:
    """The kinds of notices that are asked for, or honoured: changes of three lists, and of `requests`."""

    tools: bool = False
    prompts: bool = False
    resources: bool = False
    requests: tuple[RequestId, ...] = ()

    @property
    def about_requests(self) -> bool:
        """Whether anything is asked that tells of requests."""
        return self.resources or bool(self.requests)

    def only(self, requests: Sequence[RequestId]) -> Wishes:
        """Return the same about these requests alone."""
        return replace(self, requests=tuple(requests))

    @property
    def of_lists(self) -> Wishes:
        """The same without anything that tells of requests."""
        return Wishes(self.tools, self.prompts)

    def takes(self, notice: Notice) -> bool:
        """Say whether a notice is among what is asked for."""
        if notice.uri:
            return request_in(notice.uri) in self.requests
        return (notice, True) in ((TOOLS, self.tools), (PROMPTS, self.prompts)) or (
            notice == RESOURCES and self.resources
        )

    def fields(self) -> dict[str, object]:
        """Return them as the protocol carries them: what is not asked for is not there."""
        flags = {
            "toolsListChanged": self.tools,
            "promptsListChanged": self.prompts,
            "resourcesListChanged": self.resources,
        }
        told: dict[str, object] = {name: True for name, value in flags.items() if value}
        if self.requests:
            told["resourceSubscriptions"] = [request_uri(one) for one in self.requests]
        return told


def wishes(*, tools: bool, prompts: bool, resources: bool, uris: Sequence[str]) -> Wishes:
    """Return what a client asks for, as far as it can ever be honoured."""
    named = (request_in(uri) for uri in uris)
    known = dict.fromkeys(one for one in named if one is not None and _can_be(one))
    requests = tuple(known)[:MOST_URIS]
    return Wishes(tools, prompts, resources, requests)


def _can_be(request: RequestId) -> bool:
    """Say whether a request can have this id: what else somebody sends is not looked for."""
    try:
        identifier("id", request)
    except MalformedText:
        return False
    return True
