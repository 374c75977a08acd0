from uuid import UUID

from studium.core.event import Event


class CourseDeleted(Event):
    """The course is gone; whoever holds something of it lets go."""

    course_id: UUID
