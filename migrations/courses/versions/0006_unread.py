"""The unread notifications of a person, however many they have read."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX notifications_unread ON realtime.notifications (account_id, seq)"
        " WHERE read_at IS NULL"
    )
