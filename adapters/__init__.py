"""The outside things, each behind a port of `domain.ports`: the event store on SQLite and
PostgreSQL, NATS, the clock. An adapter knows its technology and the domain's words, no other
concern and no projection. Only `server.wiring` imports this package.

The event store is built on the `eventsourcing` library: its mapper, recorders, optimistic
concurrency by ``(originator_id, originator_version)`` and its notification log, with our own table
definitions. One table holds the log, one row its head. Whoever writes locks the head row first, so
positions are dense, readable in commit order, and the hash of every event covers the one before.

| module               | what it holds                                                   |
|----------------------|-----------------------------------------------------------------|
| `event_codec`        | events and envelopes as JSON, by topic and schema               |
| `envelope_mapper`    | the library's mapper, between envelopes and stored events       |
| `log_head`           | the place and the hash that the next event gets                 |
| `log_table`          | the log's tables and statements, for both databases             |
| `sqlite_log`, `postgres_log` | the library's recorders on those tables                 |
| `log_transaction`    | a write transaction, as far as it is the same on both           |
| `pending_writes`     | writes that wait, so that many commands share a statement       |
| `sqlite_store`, `postgres_store` | the `EventStore` port: transactions, savepoints, rows |
| `sqlite_readers`, `postgres_connections` | who reads and who writes gets a connection, and how long he waits |
| `sqlite_postings`, `postgres_postings` | the `Postings` port: the inverted index beside the tables |
| `posting_terms`      | how terms stand in it, on both databases                        |
| `open_store`         | a store from its URL                                            |
| `onnx_embedder`      | what texts mean, by a sentence model; of the extra `semantic`   |
| `system`             | the real clock and ids                                          |
"""
