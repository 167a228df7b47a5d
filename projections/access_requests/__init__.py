"""What has become of each request and of each of its items, as those see it who have a part in it.

`tables` holds the columns, `progress` what each event changes, `queries` what is asked. The status
of a request follows from those of its items by the domain's own rule."""

from projections.access_requests.progress import PROJECTION
from projections.access_requests.queries import (
    all_requests,
    items_of,
    request_by_id,
    request_of,
    requests_of,
)
from projections.access_requests.tables import (
    Answered,
    ItemRow,
    Part,
    RequestRow,
    Sought,
    Wanted,
)

__all__ = [
    "PROJECTION",
    "Answered",
    "ItemRow",
    "Part",
    "RequestRow",
    "Sought",
    "Wanted",
    "all_requests",
    "items_of",
    "request_by_id",
    "request_of",
    "requests_of",
]
