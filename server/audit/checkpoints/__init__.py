"""Checkpoints: the head of the chain, signed, and kept where the owner of the database cannot reach.

    log grows ─> checkpointing ─> signing (Ed25519) ─┬─> rows        in the database, for whoever asks
                     │                               ├─> note_file   a file, on another machine's disk
                     └─ checks the chain since the   ├─> a JetStream stream that deletes nothing
                        last one before it signs     └─> stamped by a time-stamp authority (RFC 3161)

`notes` is the form (C2SP signed-note, as transparency logs use it), `trust` finds out which keys may sign: the
one that an auditor has noted, and those to which it has handed over. A checkpoint that is kept outside
stands for the whole history before it. One that is signed by a key on the same machine says nothing about
what its owner does after that: he can sign whatever comes later, but never take back what he has signed.
"""
