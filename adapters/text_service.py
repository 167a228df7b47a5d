"""Text about people, opened for those who may read events. The event stream keeps it sealed by each
person's key, so that forgetting a person reaches into it; a subscriber who shows such text asks for it at
``doorward.<tenant>.api.<principal>.open``, and shows nothing once the answer is null. Whoever asks has to
hold the sealed text, and so the event: only what he may read is opened for him."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import msgspec
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, Service

from adapters.command_service import answered_safely
from domain.integration import IntegrationRecord, Right
from domain.ports import Unavailable
from domain.values import PersonId

MOST = 100
_REFUSED = "no text is opened for this integration"

OpenText = Callable[[PersonId, str], str | None]
"""Returns sealed text of a person, None where it is gone; blocking. Raises `ValueError` if it is not what
was sealed, `Unavailable`."""


class _Sealed(msgspec.Struct, forbid_unknown_fields=True):
    subject: str
    sealed: str


class _Wish(msgspec.Struct, forbid_unknown_fields=True):
    texts: list[_Sealed]


_wish_decoder = msgspec.json.Decoder(_Wish)


async def offer(
    service: Service,
    tenant: str,
    standing: Callable[[], Mapping[str, IntegrationRecord]],
    open_text: OpenText,
) -> None:
    """Add the endpoint to a service."""
    await service.add_endpoint(
        EndpointConfig(
            name="open",
            subject=f"doorward.{tenant}.api.*.open",
            handler=partial(_handle, standing, open_text),
        )
    )


async def _handle(
    standing: Callable[[], Mapping[str, IntegrationRecord]], open_text: OpenText, request: Request
) -> None:
    if not answered_safely(request):
        return
    try:
        wish = _wish_decoder.decode(request.data)
        if len(wish.texts) > MOST:
            raise ValueError(f"more than {MOST} texts")  # noqa: TRY301 - one answer for all that is malformed
        principal = request.subject.split(".")[-2]
        record = (await asyncio.to_thread(standing)).get(principal)
        if record is None or Right.SUBSCRIBE not in record.rights:
            await request.respond_error("403", _REFUSED)
            return
        texts = await asyncio.to_thread(_opened, open_text, wish.texts)
    except (msgspec.MsgspecError, ValueError) as why:
        await request.respond_error("400", str(why)[:200])
    except Unavailable:
        await request.respond_error("503", "Doorward cannot answer now; send it again")
    else:
        await request.respond(msgspec.json.encode({"texts": texts}))


def _opened(open_text: OpenText, sealed: list[_Sealed]) -> list[str | None]:
    return [open_text(PersonId(one.subject), one.sealed) for one in sealed]
