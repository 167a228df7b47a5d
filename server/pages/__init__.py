"""The pages people see: server-rendered, no script, no external asset. `render` fills a template;
every page forbids framing and anything it does not need."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)


def render(
    template: str, *, status: int = 200, form_targets: str = "'self'", **values: object
) -> HTMLResponse:
    """Return a page. `form_targets` names where its form may lead, redirects included: Chromium
    applies ``form-action`` to the redirect after a form, so the client's origin must be in it."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action {form_targets}"
        ),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    html = _templates.get_template(template).render(**values)
    return HTMLResponse(html, status, headers=headers)
