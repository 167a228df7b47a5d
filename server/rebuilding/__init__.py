"""Read models worked out anew beside those that are read.

    log -> `beside` (the same projections, over tables in a store of their own) -> `differences` from the
    live tables, both at one position of the log -> `mending`: one short transaction makes the rows that
    differ what they should be

Commands and queries go on meanwhile: nothing but the mending writes to the live tables, and where
nothing differs nothing is written at all. So a rebuild that is broken off leaves no trace.
"""
