"""Who may do what inside an organisation: the one table.

| | owner of the organisation | teacher of the course | student of the course |
|---|---|---|---|
| create a course | yes | with the role teacher in the organisation | no |
| read the course, its books, its published notes | yes | yes | yes |
| change, invite, upload, publish, delete | yes | yes | no |
"""

from uuid import UUID

from studium.core.identity import Principal, Role
from studium.services.courses.contract import CourseRole

CREATORS = frozenset({Role.OWNER, Role.TEACHER})


def may_create(principal: Principal, organisation_id: UUID) -> bool:
    return principal.organisations.get(organisation_id) in CREATORS


def course_role(
    principal: Principal, organisation_id: UUID, enrolled_as: str | None
) -> CourseRole | None:
    """None: the course does not exist for this person."""
    if principal.organisations.get(organisation_id) is Role.OWNER:
        return CourseRole.TEACHER
    return CourseRole(enrolled_as) if enrolled_as else None
