"""Signing in: local accounts (`accounts`), the organisation's identity provider, and the browser's
session after either (`sessions`). All are rows, never history; of a session and of a password only
a digest is stored. What becomes history is the person and whose identity he is.

| module | holds |
|---|---|
| `endpoint` | the page and its forms; where a sign-in leads on to |
| `provisioning` | accounts that an operator makes; the first administrator |
| `identity_provider` | sending a browser to the provider, and taking it back |
| `discovery` | the provider's metadata and Authlib's client for it |
| `pending_sign_ins` | the rows of those who are at the provider now |
| `claims` | what the provider says about a person, as the directory's record |
| `refusals` | why a sign-in does not go on |
"""
