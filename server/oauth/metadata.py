"""Discovery: where the authorization server is and what it can do (RFC 9728, RFC 8414). Every URL
comes from the configured issuer, never from a request's Host header."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

USER_READ = "doorward:user:read"
USER_WRITE = "doorward:user:write"
USER_SCOPES = (USER_READ, USER_WRITE)
USER_PATH = "/mcp/user"


def user_resource(issuer: str) -> str:
    """Return the identifier of the user MCP server (RFC 8707)."""
    return issuer + USER_PATH


def resource_metadata_url(issuer: str) -> str:
    """Return where the user resource's metadata is, as challenges name it (RFC 9728 §5.1)."""
    return f"{issuer}/.well-known/oauth-protected-resource{USER_PATH}"


def resource_metadata(issuer: str) -> dict[str, object]:
    """Return the protected resource's metadata (RFC 9728 §2)."""
    return {
        "resource": user_resource(issuer),
        "authorization_servers": [issuer],
        "scopes_supported": list(USER_SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "Doorward access requests",
    }


def server_metadata(issuer: str) -> dict[str, object]:
    """Return the authorization server's metadata (RFC 8414 §2)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "registration_endpoint": f"{issuer}/register",
        "revocation_endpoint": f"{issuer}/revoke",
        "scopes_supported": list(USER_SCOPES),
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
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def routes(issuer: str) -> list[BaseRoute]:
    """Return the well-known routes, at the root and with the resource's path after them."""

    async def resource(_request: Request) -> Response:
        return JSONResponse(resource_metadata(issuer))

    async def server(_request: Request) -> Response:
        return JSONResponse(server_metadata(issuer))

    return [
        Route(f"/.well-known/{name}{suffix}", endpoint)
        for name, endpoint in (
            ("oauth-protected-resource", resource),
            ("oauth-authorization-server", server),
            ("openid-configuration", server),
        )
        for suffix in ("", USER_PATH)
    ]
