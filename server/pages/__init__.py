"""The pages people see: server-rendered, no external asset, and complete without script. `render` fills a
template; every page forbids framing and anything it does not need; a live one may load our own
script, which fetches the page again when it is out of date. `forms` takes what they send back; `frame` is what
stands around a page of somebody who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

if TYPE_CHECKING:
    from jinja2 import Environment

SEE_OTHER = 303
"""How every form is answered that leads elsewhere: the browser goes on by GET (RFC 9700 §4.12)."""
NOTHING_AROUND: Mapping[str, object] = {"bar": ()}
"""The frame of a page for somebody who is not signed in: it has no bar."""


@cache
def _templates() -> Environment:
    """Return the templates, each of which is compiled when it is first filled."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - if visited

    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def render(
    template: str,
    *,
    status: int = 200,
    form_targets: str = "'self'",
    mark: str = "",
    script: str = "",
    around: Mapping[str, object] = NOTHING_AROUND,
    **values: object,
) -> HTMLResponse:
    """Return a page. `form_targets` names where its form may lead, redirects included: Chromium
    applies ``form-action`` to the redirect after a form, so the client's origin must be in it.
    `script` names one of our own that the page loads. A page with a `mark` of what it shows is live:
    it loads the one that keeps it up to date. `around` is what `frame` returns; it may stand among the values."""
    # There is no Cross-Origin-Opener-Policy: a client that opened the sign-in in a window of its own
    # would never hear that it has come back.
    script = "live.js" if mark else script
    scripts = "script-src 'self'; connect-src 'self'; " if script else ""
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; {scripts}img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action {form_targets}"
        ),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    html = (
        _templates()
        .get_template(template)
        .render(**{**around, **values}, script=script, mark=mark)
    )
    return HTMLResponse(html, status, headers=headers)


def message(
    title: str,
    text: str,
    *,
    status: int = 400,
    link: tuple[str, str] | None = None,
    around: Mapping[str, object] = NOTHING_AROUND,
) -> HTMLResponse:
    """Return a page of one heading and one paragraph; `link` is a URL and its words. `around` is the frame of
    somebody who is signed in."""
    about = {"title": title, "text": text, "link": link}
    return render("message.html", status=status, around={**about, **around})


def script(name: str) -> Response:
    """Return a script of our own."""
    body = (Path(__file__).parent / name).read_bytes()
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type="text/javascript", headers=headers)


def is_browser(accept: str) -> bool:
    """Say whether pages are wanted: a program that listens for events may take anything else beside them."""
    return "text/html" in accept and "text/event-stream" not in accept
