"""The catalog as it is read: apps and permissions, who may request them, and the search that finds
them.

    event -> `tables` (app, permission) -> `search.pending` -> `search.indexing` -> the index
    question -> `search.searching` -> `queries` -> the records that the person may request

`tables` holds the columns and what each event changes, `rows` the records, `queries` what a person finds,
`governed` which policies apply. `search` is a read model of its own behind the tables: it is brought up
to them in steps, and built anew beside the one that is searched.
"""

from projections.catalog.tables import PROJECTION

__all__ = ["PROJECTION"]
