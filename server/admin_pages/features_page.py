"""The page of feature flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.feature import DECIDE_BY_CLIENT
from domain.ports import Rows
from projections.people import people_by_id
from server.admin_pages.gate import FEATURES, Gate, version_of, what
from server.command_bus import CommandBus, CommandContext
from server.features import FeatureState, FeatureWish, list_features, switch_feature
from server.pages import render
from server.pages.forms import Form, form_token
from server.pages.frame import Frame
from server.pages.words import minute
from server.reads import Reads

ON = "on"
TITLES: Mapping[str, str] = {
    "get_access_request": "See one request whole",
    "cancel_access_request": "Cancel requests",
    "comment_on_access_request": "Comment on requests",
    DECIDE_BY_CLIENT: "Approve and deny requests",
}
"""What features are called for people; where there is no such word, the name will do."""


@dataclass(frozen=True, slots=True)
class FeaturesPage:
    """``/admin/features``; `initially` are the features that the setting names."""

    bus: CommandBus
    reads: Reads
    gate: Gate
    initially: frozenset[str]

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        taking = self.gate.form(("name", "state"), self._take)
        return [
            Route(FEATURES, self.gate.page(self._show), methods=["GET"]),
            Route(FEATURES, taking, methods=["POST"]),
        ]

    async def _show(self, _request: Request, frame: Frame) -> Response:
        cookie = frame.pop("cookie")
        features = await self.reads.query(lambda rows: self._features(rows, cookie))
        return render("admin_features.html", features=features, **frame)

    def _features(self, rows: Rows, cookie: str) -> list[dict[str, Any]]:
        found = list_features(rows, self.initially)
        people = people_by_id(rows, {one.switched_by for one in found if one.switched_by})
        names: dict[str, str] = {key: one.full_name for key, one in people.items()}
        return [_shown(one, names, cookie, named=one.name in self.initially) for one in found]

    async def _take(self, form: Form, context: CommandContext) -> str:
        wish = FeatureWish(form.get("name", ""), form.get("state") == ON, version_of(form))
        await self.bus.call(lambda work: switch_feature(work, wish, context))
        return f"{FEATURES}?done=1"


def _shown(
    one: FeatureState, names: dict[str, str], cookie: str, *, named: bool
) -> dict[str, Any]:
    other = "off" if one.on else ON
    by = names.get(one.switched_by, one.switched_by) if one.switched_by else "an operator"
    return {
        "name": one.name,
        "words": one.words,
        "on": one.on,
        "other": other,
        "version": one.version,
        "title": TITLES.get(one.name, one.name),
        "since": f"by {by}, {minute(one.switched_at)}" if one.switched_at else _initially(named),
        "csrf": form_token(cookie, what(FEATURES, one.name, other)),
    }


def _initially(named: bool) -> str:  # noqa: FBT001 - whether the setting names it is all that counts
    """Return why a flag is as it is, as long as nobody has switched it."""
    return "named by the setting DOORWARD_FEATURES" if named else "nobody has turned it on yet"
