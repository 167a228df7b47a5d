"""Somebody who is signed in and fills in the forms of pages."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from tests.web import Web


class _Forms(HTMLParser):
    """All forms of a page: where each goes, its hidden and ticked fields, its buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self.buttons: list[list[tuple[str, str]]] = []
        self._in = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
            self.buttons.append([])
            self._in = True
        elif self._in and tag in ("input", "textarea", "select") and "name" in given:
            if given.get("type") != "checkbox" or "checked" in given:
                self.forms[-1].setdefault(given["name"], []).append(given.get("value", ""))
        elif self._in and tag == "button" and "name" in given:
            self.buttons[-1].append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag != "form"


class Visitor:
    """One person in one browser, in front of the inbox."""

    def __init__(self, web: Web, username: str) -> None:
        self._web = web
        self._browser = web.browser(username)
        self.http = self._browser.http

    async def sign_in(self, path: str = "/inbox") -> Visitor:
        """Sign in at a page that asks for it."""
        page = await self.get(path)
        assert "Sign in" in page.text
        answer = await self._browser.submit(page)
        assert answer.headers["location"] == path
        return self

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return await self.http.get(self.address(path))

    def address(self, path: str) -> str:
        """Return the URL of a page."""
        return f"{self._web.issuer}{path}"

    async def press(
        self, path: str, action: str, page: httpx.Response | None = None, /, **fields: object
    ) -> httpx.Response:
        """Fill in the form of a page that has this action, and send it."""
        shown = page or await self.get(path)
        found = _Forms(shown.text)
        for form, buttons in zip(found.forms, found.buttons, strict=True):
            if form.get("action") == [action] or ("action", action) in buttons:
                filled = {**form, "action": action, **fields}
                return await self.http.post(urljoin(str(shown.url), path), data=filled)
        raise AssertionError(f"no form to {action} on {path}: {shown.status_code}")

    async def done(self, path: str, action: str, /, **fields: object) -> None:
        """Do what must be done at once."""
        answer = await self.press(path, action, **fields)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(f"{path}?done=")

    async def submit(self, path: str, field: str, /, **fields: object) -> httpx.Response:
        """Fill in the form of a page that has this field, and send it there."""
        shown = await self.get(path)
        for form in _Forms(shown.text).forms:
            if field in form and "csrf" in form:
                return await self.http.post(str(shown.url), data={**form, **fields})
        raise AssertionError(f"no form with {field} on {path}: {shown.status_code}")
