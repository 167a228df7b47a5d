"""The web catalog: where people find what they may request, and request it.

    /catalog               search and browse        `browsing`
    /catalog/app?id=...    one app and its form     `app_page` shows it, `requesting` takes the form

The search is the very one that AI clients have; a script of our own searches while somebody types, and
without it the button does. `cards` puts records into what templates show, with what was met marked.
`rules` finds which policies count for what is ticked, and `ways` says in words who decides, for how long,
and what has to be told; a script shows that as soon as something is ticked, and without it a button does.
An app's id stands in the query, where it needs no care.
"""
