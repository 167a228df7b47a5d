"""The authorization server (OAuth 2.1): it lets unmodified clients act for a signed-in person.

| endpoint | module | what decides |
|---|---|---|
| ``/.well-known/...`` | `metadata` | RFC 9728, RFC 8414; all URLs from the configured issuer |
| ``/register`` | `registration` | RFC 7591; the client id carries its own signed metadata |
| ``/authorize`` | `authorization_endpoint` | RFC 6749 §4.1; its rules in order: `authorize` |
| ``/consent`` | `consent_pages`, `issuing` | a person; then consent, family and code at once |
| ``/token`` | `token_routes`, `grants`, `token_issuing` | Authlib's grants; the rest is `domain.token_family`'s |
| ``/introspect`` | `introspection` | RFC 7662, for resource servers on other machines |
| ``/revoke`` | `token_routes` | RFC 7009 |
| ``/connections``, ``/admin/connections`` | `connection_pages` | what is connected, and its end |

`resources` says which resources and scopes there are, and whom a role lets have them. `clients`
knows who a client id stands for, `client_documents` those that publish their metadata,
`approved_clients` them again once a person has approved; `client_names` what may be shown of a
name, `redirect_uris` which URLs may be sent back to. `waiting_requests` finds a request while its
person signs in (`server.sign_in`) and decides, `token_rows` holds the rows of requests, codes and
access tokens, `rotation_grace` what follows a rotated refresh token, `last_use` when a family was
used.

Consents and token families are event-sourced; what is only needed for minutes (a request on its
way, a code's challenge, an access token) is a row. Only SHA-256 digests of secrets are stored.
Authlib parses, authenticates clients and checks PKCE at the token endpoint; the authorization
endpoint is our own list of rules, since ours are stricter and must be readable in order.
"""
