"""Read models: everything that is shown is a projection of events.

Each module answers one question and holds all of it: the table, how events change it, and the
queries. A projection may assume that events come in the order of the log, each once, inside one
transaction with the rows it writes. It may read its own tables only, never the clock, and it never
refuses. So following from position 0 and rebuilding give the same rows.

Two kinds, one code. *Inline* projections are applied in the transaction of the command itself:
the next query sees what the command did. *Followed* ones come after, in batches, their position
stored with their rows. Which is which is said in `server.wiring`, not here.

Tables use TEXT and BIGINT; times are ISO 8601 text in UTC of fixed width, lists and objects JSON.
"""
