"""The search of the catalog. The database finds, by an inverted index of terms; one scorer of our own ranks,
so that SQLite and PostgreSQL give the same answers. The standard library alone is needed.

Writing: an event of the catalog only notes what it touches (`pending`); a step later that becomes a
document (`documents`, of the stems of `analysis`), is compared with what stands (`stored`), and is posted
anew where it differs (`indexing`), with the numbers that ranking goes by (`statistics`). Who may see a
document is the number of its audience (`interning`), which the finding itself filters by: what a person may
not request is no candidate, takes no place on a page and is in no count. Two generations let a new
index grow beside the one that is searched (`generations`).

Reading: a query is understood (`query_words`) and planned (`planning`): each of its words becomes a group of
choices, by the `thesaurus`, by `morphology`, by `spelling`, as the beginning of a word of the `vocabulary`.
A ladder finds what is worth ranking (`candidates`), BM25F with coverage ranks it (`scoring`), a tail that says nothing is cut (`cutting`), apps are also
found by their permissions and several phrasings are fused by rank (`searching`, `fusing`), and the search
says what of the query was not met (`findings`) and where it was (`highlighting`).

What leaks nothing: matches, counts, corrections and unmatched words are taken from the hits alone. How
often a term stands in the whole catalog does weigh on the order of what a person sees.
"""
