"""``subscriptions/listen``: a client is told that something has changed, instead of asking again and again.

    commit, here or elsewhere ─▶ the bell ─▶ Watch ─▶ Dispatcher ─▶ Subscriber ─▶ Listening ─▶ the client
                                            one look    by request,   what it is    frames of
                                            at the log  by person     to be told    an SSE stream

A notice says *what* changed and nothing else (a URI, or that a list is another): the client reads again,
with all that guards reading. So notices may come twice and several may be one, and what a subscriber has
yet to be told is a set that its own wishes bound. There is no replay: whoever lost his stream listens again
and then reads, as the specification has it.

**Nothing is missed.** A subscriber is put where changes are dispatched before it is looked up what of his
wishes is his; the log is followed by position from then on. The bell is a hint: when no bell comes, the log
is looked at every `watch.POLL_SECONDS`. An event that this version cannot read may have changed anything,
and everybody is told everything.

**Nothing is told that is not his.** Of the URIs asked for, those of his own requests are honoured; a
request of somebody else is left out of the acknowledgement, as one that does not exist is. What he may
change while a stream is open: each event about a person, a consent or a token family makes those who listen
with it doubtful, as does each minute, and who is doubtful is verified again as any caller is. A token that
is good no longer ends the stream; tools that are others than before are told.

**What it costs.** While nobody listens, nothing: no look, no task. With listeners, one read of the new
events for each process and wake-up, then a few look-ups in memory, however many listen. Each stream has a
place in memory, a comment every quarter of a minute, and a query every minute.

**Why a submitted request is no task** (the extension ``io.modelcontextprotocol/tasks``). There the handle of
a task stands in place of the tool's answer, for every client that says it understands tasks, and the call
is over when the task is. What submitting is answered with is what its model has to have now: which request
it is, who acts next, that an equal one is open, what is missing; a call would last as long as people take
to decide. Nor would the states be ours: `failed` is kept for faults of the protocol and `input_required`
for questions to the client, so that a request which was denied, has expired or could not be provisioned
would be `completed`. What a task gives is here without it: an id that lasts, a resource to read by it, a
tool that cancels, and word of each change.

Only the era without a handshake has this. In the earlier one a stream is a GET that belongs to a session,
and there are none here: it is still answered with 405, as its specification allows.
"""
