"""A year in the life of a company that asks for access, simulated: whoever needs a long history for a
bench gets one that has come about as real ones do, command by command.

`scene` holds what all parts share: the chance, the clock, what will happen when, and the command that is
executed now. `office` says when people work. `rules`, `directory` and `shelf` are the company: its
policies, its people, its catalog, and how they change. `connections` are the clients of people with their
consents and tokens; `asking` is what people do to get access, `answering` what others do with their
requests. Nothing here writes an event or a row: everything goes through the command bus, and a command
that is refused is a fault of the simulation."""
