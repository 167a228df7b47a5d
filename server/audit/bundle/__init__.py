"""A bundle: the log with its checkpoints in one file, to be verified on a machine that has neither Doorward's
database nor its keys.

    events.jsonl        {"position", "stream", "version", "topic", "state", "hash"}, one a line, in order;
                        `state` is the stored text, `hash` in hexadecimal
    checkpoints.jsonl   {"note", "timestamp"}, one a line; `timestamp` is base64 or null
    manifest.json       {"format": 1, "tenant", "events", "head": "POSITION:HASH", "verifiers", "made_at"}

It is a ZIP file. Text about people is in it as it is in the log: sealed. Whoever wants to verify it without
Doorward follows `domain.chain.linked` (a SHA-256 for each event) and verifies the notes (C2SP signed-note,
Ed25519). What the manifest says is convenient and proves nothing: the key has to be known from elsewhere.
"""
