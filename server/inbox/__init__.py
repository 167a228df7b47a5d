"""The web inbox, for people who decide without a system of their own, and the pages on which everybody
sees what he asked for and holds.

    /inbox            what waits for me            `listing`
    /access           what I hold and asked for    `listing`
    /admin/requests   all requests                 `listing`
    /requests/<id>    one request                  `request_page` shows it, `actions` takes its forms
    /emergency        break-glass                  `emergency`
    /inbox/events     what changed, at once        `live`

A page never changes anything by being opened: links in mails lead here, and a decision is a form of
our own page, sent once. What may be done is the domain's to say; a page offers only what `part`
finds, and what is refused all the same is told in the words of the refusal. `telling` puts the
history into sentences. `server.mail.request_mails` sends people here.
"""
