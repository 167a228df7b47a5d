"""What Doorward said at a past moment: the log up to there, and nothing of today.

    moment --> position --> candidates --> their events --> the very read models --> their queries

`moments` makes a position of a moment. `candidates` finds, by topics alone and without decoding an event,
those that can still matter at a position: of a million events a few thousand. `lists` applies the read
models' own handlers to them in an empty store in memory and asks the read models' own queries, so that
the answer is what was shown then. `aggregates` folds any one stream with its decider. `tables` says all of
it as JSON and in columns, and `names` what people were called then.

One thing is of today: who has been forgotten since. Text about him reads as ``[forgotten]`` at every
moment, since nobody has his key any more.
"""
