"""Uploads that go on after a cut: what each was promised, and which of its bytes are here."""

from alembic import op

revision = "0008"
down_revision = "0007"

ORGANISATIONS = "ANY((SELECT nullif(current_setting('app.organisations', true), ''))::uuid[])"
TABLE = "library.resumable_uploads"


def upgrade() -> None:
    op.execute(
        f"CREATE TABLE {TABLE} (id uuid PRIMARY KEY, organisation_id uuid NOT NULL,"
        " course_id uuid NOT NULL, uploaded_by uuid NOT NULL, described text NOT NULL,"
        " length bigint NOT NULL CHECK (length > 0),"
        " received bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND length),"
        " parts uuid[] NOT NULL DEFAULT '{}', material_id uuid,"
        " expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours')"
    )
    op.execute(f"CREATE INDEX ON {TABLE} (organisation_id)")
    op.execute(f"CREATE INDEX ON {TABLE} (expires_at)")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON {TABLE} USING (organisation_id = {ORGANISATIONS})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO studium_app")
    # FOR UPDATE asks for the right to change.
    op.execute(f"GRANT SELECT, UPDATE, DELETE ON {TABLE} TO studium_system")
