"""What a client reads by its URI, beside the tools.

    resources/list, resources/templates/list, resources/read
        -> `shelf.Shelf` asks each `definitions.Provider` in turn, in the read that has verified the token
           `requests.RequestResources`      doorward://requests/{id}: the caller's own requests

A provider answers for the URIs of its own and for this caller alone: a URI that is not its own, or is of
something that is not the caller's, is None, and what no provider knows is not found. So a request of
somebody else looks like none at all. A list is never cached and is short: it is for a person who picks,
and what is not in it is read by its URI all the same.
"""
