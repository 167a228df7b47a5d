"""Many processes that serve as one. The parent binds the socket, starts the workers and watches them; it
answers no request, opens no store and stays small. Each worker is a whole Doorward with a bus of its
own, and takes connections from the one socket that all of them share:

    parent ── listens, starts, watches ──▶ worker 1 ─┐
      │                                    worker 2 ─┼─▶ PostgreSQL, NATS
      └── keeps the embedded nats-server   worker 3 ─┘

The first worker is started alone: it makes tables, demo and first administrator, and if it cannot start
nobody does. A worker that dies is started again, with longer and longer pauses while it keeps dying.

| signal to the parent | does |
|---|---|
| SIGTERM, SIGINT | no new connections, requests at work are finished, then all ends |
| SIGUSR2 | the same, but open connections may be used once more first |
| SIGHUP | replaces the workers one by one, without a failed call |
| SIGTTIN, SIGTTOU | one worker more, one less |

While a worker is replaced its successor takes connections already: what waits in the kernel's queue
belongs to the socket, not to the worker. The old one takes no more, answers what still comes on its open
connections with ``Connection: close``, and ends when none is left (`server.http_server`); who has not
called for some seconds finds his connection closed and makes another.

Parent and worker hold the two ends of a socket pair (`channel`). Over it a worker says that it is ready, and
asks for the process that all workers share to be kept running (`kept_process`). When the parent's end closes,
however that came, the worker ends too (`attachment`).
"""
