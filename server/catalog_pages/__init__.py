"""The web catalog: where people find what they may request, and request it.

    /catalog               search and browse        `browsing`
    /catalog/app?id=...    one app and its form     `app_page` shows it, `requesting` takes the form

The search is the very one that AI clients have; a script of our own searches while somebody types, and
without it the button does. `cards` puts records into what templates show, with what was met marked, and
`ways` says in words who decides. An app's id stands in the query, where it needs no care.
"""
