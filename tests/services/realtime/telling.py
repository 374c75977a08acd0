"""Notifications as a worker writes them."""

from uuid import UUID, uuid4

from studium.core.ports import FanOut
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.library.events import MaterialIndexed
from studium.services.realtime import service


async def tell(
    engines: Engines,
    account_id: UUID,
    message: str = "A message.",
    kind: str = "material.ready",
    fanout: FanOut | None = None,
) -> None:
    """`fanout`: another than the engines' own."""
    event = MaterialIndexed(
        organisation_id=uuid4(),
        course_id=uuid4(),
        material_id=uuid4(),
        version=1,
        uploaded_by=account_id,
        title="A book",
        passages=1,
    )
    async with engines.courses.transaction(Scope((event.organisation_id,))) as session:
        await service.notify(
            session,
            fanout or engines.fanout,
            account_id,
            event,
            type=kind,
            course_id=event.course_id,
            material_id=event.material_id,
            title=event.title,
            message=message,
        )
