"""The auditor's work on the log, all of it beside whoever writes.

    batches        the log up to a position, for all who go through it
    reading        who did what: events that are sought, one a line; `export` takes them out
    looking_back   what stood at a past moment: holdings, requests, consents, policies, any aggregate
    why            on what the decisions about one request rested
    verifying      that nobody changed the log: the chain from the first event to the head
    checkpoints    the head, signed, and kept where the owner of the database cannot reach
    bundle         log and checkpoints in one file, verified anywhere with the key alone
    stream_check   the event stream on NATS against the log
    comparing      the read models against a rebuild
    replay         every decision taken again on the facts of its time
    examining      all of these together, each as a finding

What verification proves: that the log is the one whose head is known from elsewhere, by a checkpoint or
because somebody noted it. Each event's hash covers all before it, so a head stands for the whole history up
to it. Without one it proves only that the log is whole in itself, which whoever owns the database can make
it.
"""
