"""An administrator in front of the pages, who presses the button that he reads."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import httpx

from tests.browser import FormBrowser
from tests.web import Web


@dataclass
class Visitor:
    """Somebody who is signed in."""

    web: Web
    browser: FormBrowser

    async def open(self, path: str) -> httpx.Response:
        """Open a page."""
        return await self.browser.http.get(f"{self.web.issuer}{path}")

    async def press(self, page: httpx.Response, label: str, **changes: str) -> httpx.Response:
        """Press the button of this label, and follow to the page that comes."""
        answer = await self.post(page.url.path, {**fields(page, label), **changes})
        if answer.is_redirect:
            return await self.open(answer.headers["location"])
        return answer

    async def post(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form."""
        url = f"{self.web.issuer}{path}"
        return await self.browser.http.post(url, data=form, headers=headers)


def fields(page: httpx.Response, label: str) -> dict[str, str]:
    """Return the hidden fields of the form whose button has this label."""
    forms = re.findall(r'<form method="post".*?</form>', page.text, re.DOTALL)
    (form,) = [
        one for one in forms if re.search(rf'<button[^>]*(?:"{label}">|>{label}</button>)', one)
    ]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found}


def text(page: httpx.Response) -> str:
    """Return what is read on a page."""
    words = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(words).split())


async def visit(web: Web, username: str, path: str) -> tuple[Visitor, httpx.Response]:
    """Sign in at a page; return who did and the page."""
    browser = web.browser(username)
    asked = await browser.http.get(f"{web.issuer}{path}")
    assert "Sign in to see" in asked.text
    assert (await browser.submit(asked)).headers["location"] == path
    visitor = Visitor(web, browser)
    return visitor, await visitor.open(path)
