"""SCIM 2.0 (RFC 7643, RFC 7644) at ``/scim/v2``: identity providers say who works here, in which groups, and
who has left. The subset is what Okta and Entra use, in their dialects.

    HTTP ─> endpoint ─> bearer token ─┬─> users  ─┐   PutPerson, PutGroup, RemoveGroup,
                                      └─> groups ─┴─> one transaction for each request

A resource is read as its JSON document, changed as PUT or PATCH says (`patching` knows documents and
paths, no people), and read back into the directory's record (`user_resource`, `group_resource`).
What a document holds beyond that is taken and not kept, as RFC 7644 section 3.3 allows. Nobody is ever
deleted: DELETE disables a person, and the history stays. `filters` reads what providers search by.
"""

BASE = "/scim/v2"
