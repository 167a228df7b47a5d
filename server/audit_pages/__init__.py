"""The web pages of auditors: who did what, why a request went as it did, and what was so at a past moment.

    /audit                     the timeline        `timeline` shows it, `asking` reads its filters
    /audit/events/<position>   one event           `timeline`
    /audit/export              events as a file    `exporting`
    /audit/requests/<id>       one request's story `story`
    /audit/as-of               a past moment       `past_moment`
    /audit/verify              the chain, now      `verification`

For people who are neither auditors nor administrators none of these exists: `gate` answers as for an unknown
path. Events are found in the read model `projections.audit_trail` and taken from the log itself; `telling`
puts each into a sentence, `pictures` draws requests over time and how long decisions took. What a moment
looked like comes from `server.audit.looking_back`, why a request ended as it did from `server.audit.why`.
Whatever is asked for is hostile until `asking` has read it, and every answer is bounded.
"""
