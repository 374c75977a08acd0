"""The newest courses of a school, however many it has."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("CREATE INDEX courses_newest ON courses.courses (organisation_id, id)")
    op.execute("DROP INDEX courses.courses_organisation_id_idx")
