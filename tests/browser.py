"""A browser without a screen: it keeps cookies, follows redirects to a page, and posts that page's
real form. It stops where a redirect leaves the server, as a client's own listener would take it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx


class _Form(HTMLParser):
    """The first form of a page: where it goes and which fields it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []
        self._closed = False
        self.feed(html)

    def handle_endtag(self, tag: str) -> None:
        self._closed = self._closed or tag == "form"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._closed:
            return
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = given.get("action", "")
            assert given.get("method", "get").lower() == "post"
        elif tag == "input" and "name" in given:
            self._take(given)
        elif tag == "button" and "name" in given:
            self.buttons.append((given["name"], given.get("value", "")))

    def _take(self, given: dict[str, str]) -> None:
        """Keep what a browser would send: of boxes and radio buttons only the checked ones."""
        if given.get("type", "text").lower() not in {"checkbox", "radio"}:
            self.fields[given["name"]] = given.get("value", "")
        elif "checked" in given:
            self.fields[given["name"]] = given.get("value", "on")


@dataclass
class FormBrowser:
    """Plays one person in front of one Doorward. `opened` are the URLs that clients sent the
    person to, `pages` the texts that were shown."""

    issuer: str
    username: str = "alice"
    password: str = "demo-password"
    decision: str = "approve"
    opened: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    unticked: set[str] = field(default_factory=set)
    extra: dict[str, str] = field(default_factory=dict)
    http: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def visit(self, url: str) -> str:
        """Open a URL, sign in and decide where asked; return the URL that leaves the server."""
        self.opened.append(url)
        answer = await self.http.get(url)
        for _ in range(10):
            if answer.is_redirect:
                url = urljoin(str(answer.url), answer.headers["location"])
                if urlsplit(url)[:2] != urlsplit(self.issuer)[:2]:
                    return url
                answer = await self.http.get(url)
                continue
            self.pages.append(answer.text)
            answer = await self.submit(answer)
        raise AssertionError(f"the browser went in circles: {self.pages[-1]}")

    async def submit(self, page: httpx.Response, **changes: str) -> httpx.Response:
        """Post the page's form as this person fills it in."""
        form = _Form(page.text)
        assert form.action is not None, f"{page.status_code}: a page without a form: {page.text}"
        filled = {**form.fields, **self.extra}
        filled = {name: value for name, value in filled.items() if name not in self.unticked}
        if "username" in filled:
            filled |= {"username": self.username, "password": self.password}
        if any(name == "decision" for name, _ in form.buttons):
            filled["decision"] = self.decision
        url = urljoin(str(page.url), form.action)
        return await self.http.post(url, data={**filled, **changes})
