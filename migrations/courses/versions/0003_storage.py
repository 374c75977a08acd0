"""The bytes of an organisation's books from the index alone: each upload asks for their sum."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("DROP INDEX library.materials_organisation_id_idx")
    op.execute("CREATE INDEX ON library.materials (organisation_id) INCLUDE (bytes)")
