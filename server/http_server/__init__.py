"""HTTP/1.1 for one ASGI application, by httptools (llhttp) and nothing else: requests in order, answers as
they come, and a bound for everything that a client, slow or hostile, could make grow.

    bytes ─▶ Connection ─▶ RequestReader ─▶ RequestHead        Connections: how many, whose, how late
                 │  ▲                                          Bounds:      how much, how long
                 ▼  │                                          raw_answers: refusals
              Exchange ─▶ the application                      Intake, WebServer: sockets, start, drain

It stands where uvicorn stood. Nearly all of what uvicorn does for a connection had to be replaced: over
httptools it keeps blanks behind header values (MCP compares these with the body), has no deadline but one
(between requests), no limit on a head, on pipelining or on connections, writes an error into the middle of
another answer, loses the body of a request that asks for HTTP/2, and takes trailers for headers. A subclass
would have leant on more of its insides than there is code here.

Where things wait, how many may, and what comes after:

| queue | most | beyond it |
|---|---|---|
| the kernel's, of connections | 1,024 (`web_server.BACKLOG`) | the kernel lets the client try again |
| connections | 4,096, half of them from one address (`Bounds`) | an idle one is closed, else 503 |
| requests behind one on its connection | 16 | the connection ends |
| requests being answered | 1,000 (a stream until it has begun) | 503 |
| a body before it is read | 64 KiB of each connection | the socket is not read |
| an answer before it is taken | 64 KiB of each connection, then the application waits | cut off after 30 s |
| queries waiting for a thread (`server.turns`) | 256, each 10 s | 503, or the tool's `unavailable` |
| password hashing, looking back, exports (`server.turns`) | 64, each 10 s | 503 |
| jobs for the writer (`server.writer`) | 10,000, each 10 s while a client waits | the same; the job is not begun |
| waiting for a connection to PostgreSQL | those at work, each 5 s | the same |
| pages that are told of changes | 4 of each person | 429 |
| MCP streams (`server.mcp.subscriptions`) | 2,000; of each person 16 | 503; 429 |
| what an MCP stream has yet to tell | what it asked for: 100 requests, 3 lists | it is told once |
| calls of a person by a client (`server.limits`) | a minute's | 429 |
| MCP, OAuth and SCIM bodies | 256 KiB, 16 KiB, 1 MiB: each route's own | 413 |
| commands over NATS | what a consumer may have unacknowledged | nak with a delay |
| requests over NATS (`nats.micro`) | nats-py's 128 MiB, one at a time | dropped: the asker's time runs out |
| events to NATS | the publisher's window; the log is the queue | it falls behind, `/healthz` says so |
| webhooks | one message of each line; the log is the queue | the line falls behind |
| mails | rows of the outbox | they wait |
| work over the control socket | the owner's own, 512 MiB | refused |

What waits for a client that has hung up is not begun (`server.asking`)."""
