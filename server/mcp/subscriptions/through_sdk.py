"""The same behind the mcp SDK, for a request that only the SDK understands. It keeps the stream alive and
notices that its client has gone; what is told, to whom and until when is not for it to say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import SUBSCRIPTION_ID_META_KEY as SUBSCRIPTION
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    NotificationParams,
    PromptListChangedNotification,
    ResourceListChangedNotification,
    ResourceUpdatedNotification,
    ResourceUpdatedNotificationParams,
    ServerNotification,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotification,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    ToolListChangedNotification,
)
from starlette.requests import Request

from server.mcp.gate import NotAdmitted
from server.mcp.protocol.request_headers import AUTHORIZATION
from server.mcp.subscriptions.listening import Listening, NoStream
from server.mcp.subscriptions.streaming import BEAT_SECONDS, LONGEST_ID
from server.mcp.subscriptions.wishes import PROMPTS, RESOURCES, TOOLS, Notice, wishes

Context = ServerRequestContext[Any, Request]
Listen = Callable[
    [Context, SubscriptionsListenRequestParams], Awaitable[SubscriptionsListenResult]
]
_LISTS: dict[Notice, Callable[..., ServerNotification]] = {
    TOOLS: ToolListChangedNotification,
    PROMPTS: PromptListChangedNotification,
    RESOURCES: ResourceListChangedNotification,
}


def listener(listening: Listening | None) -> Listen | None:
    """Return what the SDK calls for a request to listen, None where nobody can."""
    if listening is None:
        return None

    async def listen(
        context: Context, params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        if context.request_id is None or len(str(context.request_id)) > LONGEST_ID:
            raise MCPError(INVALID_REQUEST, "subscriptions/listen takes a request with a short id")
        try:
            return await _told(listening, context, params.notifications)
        except NotAdmitted:
            raise MCPError(INVALID_REQUEST, "The token is not good for this.") from None
        except NoStream as fault:
            raise MCPError(INTERNAL_ERROR, str(fault)) from None

    return listen


async def _told(
    listening: Listening, context: Context, asked: SubscriptionFilter
) -> SubscriptionsListenResult:
    meta: dict[str, Any] = {SUBSCRIPTION: context.request_id}
    wished = wishes(
        tools=asked.tools_list_changed is True,
        prompts=asked.prompts_list_changed is True,
        resources=asked.resources_list_changed is True,
        uris=asked.resource_subscriptions or (),
    )

    async def tell(notification: ServerNotification) -> None:
        await context.session.send_notification(
            notification, related_request_id=context.request_id
        )

    async with listening.opened(_token(context), wished) as subscriber:
        honoured = SubscriptionFilter.model_validate(subscriber.wishes.fields())
        params = SubscriptionsAcknowledgedNotificationParams(notifications=honoured, _meta=meta)
        await tell(SubscriptionsAcknowledgedNotification(params=params))
        while not subscriber.ended:
            await listening.pause(subscriber, BEAT_SECONDS)
            for notice in listening.told(subscriber):
                await tell(_notification(notice, meta))
    return SubscriptionsListenResult(_meta=meta)


def _token(context: Context) -> str:
    """Return the token that the gate has let in."""
    assert context.request is not None  # noqa: S101 - every transport of ours is HTTP
    sent = context.request.headers[AUTHORIZATION.decode()]
    return sent.partition(" ")[2].strip()


def _notification(notice: Notice, meta: dict[str, Any]) -> ServerNotification:
    if notice in _LISTS:
        return _LISTS[notice](params=NotificationParams(_meta=meta))
    params = ResourceUpdatedNotificationParams(uri=notice.uri, _meta=meta)
    return ResourceUpdatedNotification(params=params)
