"""How often something may be tried or called, by whom. Only failures are counted where success is what
everybody wants: an office shares one address and one published client id. Who has to wait is told how
long (RFC 6585 §4). What is kept of attempts names nobody: digests.

| what            | most                     | of whom                                            | where  |
|-----------------|--------------------------|----------------------------------------------------|--------|
| failed sign-ins | 5 in 15 minutes          | an account; no stranger locks an administrator out | store  |
|                 |                          | elsewhere, nor is told that he is one              |        |
| failed sign-ins | 20 in a minute           | an address                                         | store  |
| failed token    | 60 in a minute           | a client at an address                             | memory |
| token requests  | 600 in a minute          | a client at an address; successes count as well    | memory |
| registrations   | 120 in a minute          | an address; nothing is stored, so it is generous   | memory |
| sign-ins begun  | 300 in a minute          | an address; each leaves a row for half an hour     | memory |
| tool calls      | 30,000 in a minute       | a person by one client; a published client id is   | memory |
|                 |                          | everybody's, so it is never counted alone          |        |
| tool calls      | twice as many            | a person by all clients: one that has gone wild    | memory |
|                 |                          | leaves the others their share                      |        |
| tool calls that | 3,000 in a minute        | a person by all clients                            | memory |
| write           |                          |                                                    |        |

*store*: in the database, so that a password has five guesses whatever process or machine they come to, and a
restart forgives none; what is written is failures alone, and each expires. *memory*: of each process, so N
of them allow up to N times as much; that is what keeps them free of any cost."""
