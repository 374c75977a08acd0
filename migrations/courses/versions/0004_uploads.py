"""Uploads on their way: each has a row before its first byte is stored."""

from alembic import op

revision = "0004"
down_revision = "0003"

ORGANISATIONS = "ANY((SELECT nullif(current_setting('app.organisations', true), ''))::uuid[])"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE library.uploads (id uuid PRIMARY KEY, organisation_id uuid NOT NULL,"
        " begun_at timestamptz NOT NULL DEFAULT now())"
    )
    op.execute("CREATE INDEX ON library.uploads (begun_at)")
    op.execute("ALTER TABLE library.uploads ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE library.uploads FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY visible ON library.uploads USING (organisation_id = {ORGANISATIONS})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON library.uploads TO studium_app")
    # FOR UPDATE asks for the right to change.
    op.execute("GRANT SELECT, UPDATE, DELETE ON library.uploads TO studium_system")
