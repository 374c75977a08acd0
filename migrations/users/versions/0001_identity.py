"""Accounts, organisations, memberships and refresh families; row-level security by account."""

from alembic import op

revision = "0001"
down_revision = None

ACCOUNT = "nullif((SELECT current_setting('app.account', true)), '')::uuid"
EMAIL = "nullif((SELECT current_setting('app.email', true)), '')"
ORGANISATIONS = "ANY((SELECT nullif(current_setting('app.organisations', true), ''))::uuid[])"

TABLES = """
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    -- Lower-cased text, not citext: its operators are not leakproof, so row-level security would
    -- keep them from using the index.
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE credentials (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    password_hash text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE organisations (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    personal boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE memberships (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    organisation_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'teacher', 'student')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, organisation_id)
);
CREATE INDEX ON memberships (organisation_id, account_id);
CREATE TABLE refresh_families (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    current_hash bytea NOT NULL,
    previous_hash bytea,
    rotated_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX ON refresh_families (account_id);
"""

POLICIES = {
    "accounts": f"id = {ACCOUNT} OR email = {EMAIL}"
    f" OR id IN (SELECT account_id FROM memberships WHERE organisation_id = {ORGANISATIONS})",
    "credentials": f"account_id = {ACCOUNT}",
    "organisations": f"id = {ORGANISATIONS}"
    f" OR id IN (SELECT organisation_id FROM memberships WHERE account_id = {ACCOUNT})",
    "memberships": f"account_id = {ACCOUNT} OR organisation_id = {ORGANISATIONS}",
    "refresh_families": f"account_id = {ACCOUNT}",
}


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table, rule in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} USING ({rule})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO studium_app")
