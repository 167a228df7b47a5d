"""What pages have in common: how a moment is written, and which page of a list is asked for."""

from __future__ import annotations

import re
from datetime import datetime

from starlette.requests import Request


def minute(moment: datetime | None) -> str:
    """Return a moment to the minute, as people read it; empty where there is none."""
    return f"{moment:%-d %B %Y, %H:%M} UTC" if moment else ""


def page_number(request: Request) -> int:
    """Return the asked page; the first where what is asked is none."""
    asked = re.fullmatch(r"[1-9][0-9]{0,5}", request.query_params.get("page", ""))
    return int(asked.group()) if asked else 1
