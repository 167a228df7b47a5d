"""Catalogs that come in and go out. `opening` says which kinds of files there are: our JSON (`file`), a
spreadsheet (`csv_file`), and what the APIs of other systems return (`okta`, `identity_center`,
`github_teams`, on `vendor_files`); each is a `source` of records (`entries`), read one by one and surveyed
whole before anything is written. `importing` makes the store hold it: an import states what the catalog
should hold, the domain compares, so only what changed is appended. `exporting` writes it back.

`taken` says what a person need not ask for; `thesaurus_file` holds the words that search goes by.
"""
