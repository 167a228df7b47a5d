"""Bytes in, requests out: the parser (llhttp by httptools), fed by a connection, telling it of each
request's head, body and end. What `request_head` or the parser refuses is raised as `BadRequest`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Protocol

import httptools

from server.http_server.bounds import Bounds
from server.http_server.raw_answers import BadRequest
from server.http_server.request_head import RequestHead

NO_REQUEST = "this is no HTTP request"


class Requests(Protocol):
    """Who hears of requests. What it raises of `BadRequest` comes out of `feed`."""

    def on_request(self, head: RequestHead, scope: dict[str, Any], *, keep_alive: bool) -> None:
        """A head is complete."""

    def on_piece(self, data: bytes) -> None:
        """A piece of the body has come."""

    def on_end(self) -> None:
        """The request is complete."""


class RequestReader:
    """Reads the requests of one connection."""

    def __init__(self, bounds: Bounds, requests: Requests) -> None:
        self._bounds = bounds
        self._requests = requests
        self._parser = httptools.HttpRequestParser(self)
        self._head: RequestHead | None = None
        self._in_body = False
        self._on_wire = 0
        self._fault: BadRequest | None = None

    @property
    def in_head(self) -> bool:
        """Whether a request has begun whose head is not complete."""
        return self._head is not None

    def feed(self, data: bytes) -> None:
        """Take what has come; raises `BadRequest`, and then takes nothing more."""
        head, in_body = self._head, self._in_body
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_on(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            raise self._fault or BadRequest(HTTPStatus.BAD_REQUEST, NO_REQUEST) from None
        # A header is told of when it is complete: what never ends is seen here alone.
        if (head is not None and self._head is head) or (in_body and self._in_body):
            self._count(len(data))

    def end(self) -> None:
        """Take nothing more. A connection, its reader and the parser know each other, and would else stay in
        memory until somebody looks for garbage."""
        del self._parser, self._requests

    def _count(self, size: int) -> None:
        self._on_wire += size
        if self._head is not None and self._on_wire > self._bounds.head_bytes:
            large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise BadRequest(large, "the headers are too large")
        if self._on_wire > self._bounds.body_bytes:
            raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")

    def _read_on(self, rest: bytes) -> None:
        """Read a request that asks for another protocol as one that does not."""
        head, method = self._head, self._parser.get_method().decode("ascii")
        assert head is not None  # noqa: S101 - it is kept until its request is told of
        plain = head.without_upgrade(method)
        self._head = None
        self._parser = httptools.HttpRequestParser(self)
        self.feed(plain + rest)

    def _refuse(self, fault: BadRequest) -> None:
        self._fault = fault
        raise fault

    def on_message_begin(self) -> None:
        self._head, self._on_wire = RequestHead(self._bounds), 0

    def on_url(self, part: bytes) -> None:
        assert self._head is not None  # noqa: S101 - a message begins before its URL
        try:
            self._head.add_target(part)
        except BadRequest as fault:
            self._refuse(fault)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is None:
            return
        try:
            self._head.add_header(name, value)
        except BadRequest as fault:
            self._refuse(fault)

    def on_headers_complete(self) -> None:
        head, parser = self._head, self._parser
        assert head is not None  # noqa: S101 - a message begins before its headers end
        try:
            scope = head.scope(parser.get_method().decode("ascii"), parser.get_http_version())
            if parser.should_upgrade():
                return
            self._head, self._in_body, self._on_wire = None, True, 0
            keep_alive = parser.should_keep_alive() and scope["http_version"] == "1.1"
            self._requests.on_request(head, scope, keep_alive=keep_alive)
        except BadRequest as fault:
            self._refuse(fault)

    def on_body(self, data: bytes) -> None:
        self._requests.on_piece(data)

    def on_message_complete(self) -> None:
        if self._in_body:
            self._in_body = False
            self._requests.on_end()
