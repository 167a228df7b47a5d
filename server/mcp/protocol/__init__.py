"""The Model Context Protocol over HTTP, as far as this server speaks it, without a library in between:
what an era of the protocol demands of a request's headers and body, and how answers stand on the wire.

A request is either understood in full and read into an `exchanges.Exchange`, or refused with the
`replies.Reply` that the specification demands, or not understood: then None is returned, and the mcp
SDK's server (`sdk_server`), which knows all of the protocol and costs twenty times as much, answers
in its place. Whatever is answered here is answered as the SDK would answer it
(`tests/mcp/test_against_the_sdk.py`).

`request_headers` and `security` read headers, `messages` bodies, `modern` and `handshake` hold the
rules of the two eras, `replies` what goes back.
"""
