"""Forms of our own pages, and of nobody else's (RFC 9700 §4.7). A form carries a token that is
derived from the browser's cookie and from what the form is about, so that a page needs no state of
its own and one page's token is good for no other; and the browser says where a form comes from."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

from starlette.requests import Request

from server.request_bodies import fields_of, read_limited, storable

LIMIT = 16 * 1024
TOKEN_FIELD = "csrf"  # noqa: S105 - a field's name
Form = Mapping[str, str]


def form_token(cookie: str, about: str) -> str:
    """Return what a form about this thing, on a page in this browser, carries."""
    return hmac.digest(cookie.encode(), b"form\0" + about.encode("utf-8", "replace"), sha256).hex()


def is_ours(form: Form, cookie: str, about: str) -> bool:
    """Say whether the form came from a page that we gave to this browser about this thing."""
    given = form.get(TOKEN_FIELD, "").encode("utf-8", "replace")
    return hmac.compare_digest(form_token(cookie, about).encode(), given)


async def read_fields(request: Request, issuer: str) -> dict[str, list[str]] | None:
    """Return the form's fields with all their values; None where another site's page sent it, or
    where it is too long. No database can hold a NUL, and no person types one."""
    body = await read_limited(request, LIMIT)
    foreign = request.headers.get("origin", issuer) != issuer
    site = request.headers.get("sec-fetch-site", "same-origin")
    if body is None or foreign or site != "same-origin":
        return None
    return {name: [storable(one) for one in values] for name, values in fields_of(body).items()}


async def read_form(request: Request, issuer: str) -> Form | None:
    """Return the form's fields, each once; None as `read_fields` does."""
    fields = await read_fields(request, issuer)
    return None if fields is None else {name: values[0] for name, values in fields.items()}
