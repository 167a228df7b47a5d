"""The pictures that clients show beside names. They are files of this server's own (its URL is shorter than a
picture, and each answer of the modern era says whose it is), and no client's model reads them. Tools have
none: five more URLs in every tools/list would show the same door five times."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.mcp.definitions import Icon

PATH, OLD_PATH = "/icon.svg", "/favicon.ico"
TYPE = "image/svg+xml"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">'
    '<rect width="48" height="48" rx="10" fill="#1f4e79"/>'
    '<path d="M14 40V10h14v30M28 12l8 4v24H12" fill="none" stroke="#fff" stroke-width="3" '
    'stroke-linejoin="round" stroke-linecap="round"/>'
    '<circle cx="23.5" cy="26" r="2" fill="#fff"/></svg>'
)
_HEADERS = {
    "cache-control": "public, max-age=86400",
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross-origin",
}
"""Whoever opens the picture as a page runs nothing; a client's page may show it."""


def door(issuer: str) -> Icon:
    """Return the picture of this server."""
    return Icon(issuer + PATH, TYPE)


def icon_routes() -> list[Route]:
    """Return what serves the picture, and what leads browsers to it that ask for it by its old name."""
    return [Route(PATH, _served, methods=["GET"]), Route(OLD_PATH, _led, methods=["GET"])]


async def _served(_request: Request) -> Response:
    return Response(SVG, media_type=TYPE, headers=_HEADERS)


async def _led(_request: Request) -> Response:
    return RedirectResponse(PATH, 308, {"cache-control": _HEADERS["cache-control"]})
