"""`/v1/realtime` and `/v1/notifications`; `door.py` opens `/v1/ws`."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from studium.runtime.http import Caller, CoursesTransaction, EnginesOf
from studium.services.realtime import service
from studium.services.realtime.contract import NotificationList, Number, ReadUpTo, TicketView

router = APIRouter()


@router.post("/v1/realtime/ticket")
async def ticket(principal: Caller, engines: EnginesOf) -> TicketView:
    return TicketView(ticket=await service.issue_ticket(engines.cache, principal.account_id))


@router.get("/v1/notifications")
async def notifications(
    principal: Caller,
    session: CoursesTransaction,
    cursor: Number | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> NotificationList:
    return await service.listed(session, principal.account_id, cursor, limit)


@router.post("/v1/notifications/read", status_code=status.HTTP_204_NO_CONTENT)
async def mark_read(wish: ReadUpTo, principal: Caller, session: CoursesTransaction) -> None:
    await service.mark_read(session, principal.account_id, wish.up_to)
