"""The authorization server (OAuth 2.1): it lets unmodified clients act for a signed-in person.

| endpoint | module | what decides |
|---|---|---|
| ``/.well-known/...`` | `metadata` | RFC 9728, RFC 8414; all URLs from the configured issuer |
| ``/register`` | `registration` | RFC 7591; the client id carries its own signed metadata |
| ``/authorize`` | `authorize` (rules), `consenting` (pages) | RFC 6749 §4.1, 7636, 8707, 9207 |
| ``/token`` | `grants` | Authlib's grants; redemption and rotation are `domain.token_family`'s |
| ``/introspect`` | `introspection` | RFC 7662, for resource servers on other machines |
| ``/revoke`` | `authorization_server` | RFC 7009 |

`clients` knows who a client id stands for, `redirect_uris` which URLs may be sent back to,
`token_rows` the rows of codes and access tokens. Consents and token families are event-sourced;
what is only needed for minutes (a request on its way, a code's challenge, an access token) is a
row. Only SHA-256 digests of secrets are stored. Authlib parses, authenticates clients and checks
PKCE at the token endpoint; the authorization endpoint is our own list of rules, since ours are
stricter and must be readable in order.
"""
