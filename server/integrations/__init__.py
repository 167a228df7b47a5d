"""Integrations: systems that decide on requests and fulfil them, whichever way their commands come.

    NATS stream ─┐
    nats.micro  ─┼─> InboundCommand ─> reading ─> evidence ─> answering ─> CommandOutcome
    callback    ─┘

`reading` understands the body, `evidence` judges who is said to have decided, `answering` takes the
command to the bus and keeps its outcome in the same transaction; `callback` is the way over HTTP.
Who the integration is, its transport vouches for; who the person is, the evidence says."""
