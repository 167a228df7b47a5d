"""The audit trail: the whole log as auditors look for things in it. It follows the log, in batches.

    event -> `named` (whom it names) -> `tables` (one row an event, one for each person in it, one a request)
    question -> `searching` -> positions, by index and within bounds
    picture  -> `figures` -> how many requests, and how long decisions took

No text about people is in it, only their ids: forgetting somebody has nothing to do here. What an event says
stands in the log, and whoever shows it takes it from there.
"""

from projections.audit_trail.tables import PROJECTION

__all__ = ["PROJECTION"]
