"""How much an organisation may store, counted from the books that it has, and from the resumable
uploads on their way: each may be as long as it was said to be when it began.

There is no counter beside them that a lost upload could leave wrong.
"""

from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import Kind, StudiumError
from studium.services.library.models import Material, ResumableUpload

MIB = 2**20

# Two uploads that are accepted at the same time see each other's bytes.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:organisation, 0))")


class QuotaExceededError(StudiumError):
    kind = Kind.TOO_LARGE
    type = "quota-exceeded"
    title = "The organisation's storage is full"


async def used(session: AsyncSession, organisation_id: UUID) -> int:
    """Bytes of all its books, and of the resumable uploads on their way."""
    books = select(func.coalesce(func.sum(Material.bytes), 0)).where(
        Material.organisation_id == organisation_id
    )
    promised = select(func.coalesce(func.sum(ResumableUpload.length), 0)).where(
        ResumableUpload.organisation_id == organisation_id,
        ResumableUpload.material_id.is_(None),
        ResumableUpload.expires_at > func.now(),
    )
    total = await session.scalar(select(books.scalar_subquery() + promised.scalar_subquery()))
    return int(total or 0)


async def check(session: AsyncSession, organisation_id: UUID, added: int, quota: int) -> None:
    """In the transaction that added a book, or an upload, of `added` bytes.

    Raises `QuotaExceededError`.
    """
    if not quota:
        return
    await session.execute(_ONE_AT_A_TIME, {"organisation": str(organisation_id)})
    stored = await used(session, organisation_id)
    if stored > quota:
        raise exceeded(stored - added, quota)


def exceeded(before: int, quota: int) -> QuotaExceededError:
    return QuotaExceededError(
        "Nothing of this file was kept; the books that are there stay. With uploads on their way"
        f" they take {before / MIB:,.1f} of the {quota / MIB:,.1f} MiB that all may have together."
        " Delete books that nobody needs, or ask your operator to raise STUDIUM_QUOTA_BYTES.",
        used=before,
        quota=quota,
    )
