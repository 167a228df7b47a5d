"""Discovery: where the authorization server is and what it can do (RFC 9728, RFC 8414). Every URL
comes from the configured issuer, never from a request's Host header."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from server.oauth.resources import RESOURCES, USER, Resource


def resource_metadata(resource: Resource, issuer: str) -> dict[str, object]:
    """Return a protected resource's metadata (RFC 9728 §2)."""
    return {
        "resource": resource.url(issuer),
        "authorization_servers": [issuer],
        "scopes_supported": list(resource.scopes),
        "bearer_methods_supported": ["header"],
        "resource_name": resource.name,
    }


def server_metadata(issuer: str, *, documents: bool) -> dict[str, object]:
    """Return the authorization server's metadata (RFC 8414 §2). `documents` says that any client
    may use the URL of its metadata document as its id; a client that reads so registers no more."""
    return {
        **({"client_id_metadata_document_supported": True} if documents else {}),
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "registration_endpoint": f"{issuer}/register",
        "revocation_endpoint": f"{issuer}/revoke",
        "scopes_supported": list(USER.scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
        ],
        "revocation_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
        ],
        "introspection_endpoint": f"{issuer}/introspect",
        "introspection_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def routes(issuer: str, *, documents: bool) -> list[BaseRoute]:
    """Return the well-known routes: the authorization server's at the root and with each
    resource's path after them, as clients probe for them; each resource's own, the user's at the
    root too."""
    served = server_metadata(issuer, documents=documents)
    routes: list[BaseRoute] = [
        Route(f"/.well-known/{name}{suffix}", _json(served))
        for name in ("oauth-authorization-server", "openid-configuration")
        for suffix in ("", *(resource.path for resource in RESOURCES))
    ]
    at_paths = [("", USER), *((resource.path, resource) for resource in RESOURCES)]
    return routes + [
        Route(
            f"/.well-known/oauth-protected-resource{suffix}",
            _json(resource_metadata(resource, issuer)),
        )
        for suffix, resource in at_paths
    ]


def _json(content: dict[str, object]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return JSONResponse(content)

    return answer
