"""Events, courses, library, notes and notifications; row-level security by organisation."""

from alembic import op

revision = "0001"
down_revision = None

ORGANISATIONS = "ANY((SELECT nullif(current_setting('app.organisations', true), ''))::uuid[])"
ACCOUNT = "nullif((SELECT current_setting('app.account', true)), '')::uuid"
INVITATION = "nullif((SELECT current_setting('app.invitation', true)), '')"
DELIVERY = "nullif((SELECT current_setting('app.delivery', true)), '')::uuid"

EVENTS = """
CREATE SCHEMA events;
CREATE TABLE events.events (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    organisation_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    traceparent text
);
CREATE TABLE events.deliveries (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL REFERENCES events.events ON DELETE CASCADE,
    group_name text NOT NULL,
    organisation_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'new'
        CHECK (state IN ('new', 'sent', 'running', 'done', 'retry', 'dead')),
    attempt int NOT NULL DEFAULT 0,
    sends int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, group_name)
);
CREATE INDEX deliveries_due ON events.deliveries (due_at) WHERE state IN ('new', 'retry');
CREATE INDEX deliveries_sent ON events.deliveries (due_at) WHERE state = 'sent';
CREATE INDEX deliveries_running ON events.deliveries (lease_until) WHERE state = 'running';
"""

COURSES = """
CREATE SCHEMA courses;
CREATE TABLE courses.courses (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    title text NOT NULL,
    description text NOT NULL DEFAULT '',
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON courses.courses (organisation_id);
CREATE TABLE courses.enrolments (
    course_id uuid NOT NULL REFERENCES courses.courses ON DELETE CASCADE,
    account_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('teacher', 'student')),
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (course_id, account_id)
);
CREATE INDEX ON courses.enrolments (account_id, course_id);
CREATE TABLE courses.invitations (
    code text PRIMARY KEY,
    organisation_id uuid NOT NULL,
    course_id uuid NOT NULL REFERENCES courses.courses ON DELETE CASCADE,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON courses.invitations (course_id);
"""

LIBRARY = """
CREATE SCHEMA library;
CREATE TABLE library.materials (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    course_id uuid NOT NULL,
    uploaded_by uuid NOT NULL,
    title text NOT NULL,
    file_name text NOT NULL,
    bytes bigint NOT NULL,
    sha256 bytea NOT NULL,
    object_key text NOT NULL,
    version int NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'processing'
        CHECK (status IN ('processing', 'ready', 'failed', 'cancelled')),
    stage text NOT NULL DEFAULT 'waiting'
        CHECK (stage IN ('waiting', 'planning', 'reading', 'indexing', 'done')),
    problem text,
    language text NOT NULL DEFAULT 'und',
    plan jsonb,
    page_labels text[],
    pages_total int NOT NULL DEFAULT 0,
    pages_read int NOT NULL DEFAULT 0,
    pages_empty int NOT NULL DEFAULT 0,
    pages_failed int NOT NULL DEFAULT 0,
    ranges_total int NOT NULL DEFAULT 0,
    ranges_read int NOT NULL DEFAULT 0,
    ranges_indexed int NOT NULL DEFAULT 0,
    passages_total int NOT NULL DEFAULT 0,
    passages_indexed int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (course_id, sha256)
);
CREATE INDEX ON library.materials (organisation_id);
CREATE TABLE library.ranges (
    material_id uuid NOT NULL REFERENCES library.materials ON DELETE CASCADE,
    organisation_id uuid NOT NULL,
    number int NOT NULL,
    first_page int NOT NULL,
    last_page int NOT NULL,
    read_at timestamptz,
    indexed_at timestamptz,
    PRIMARY KEY (material_id, number)
);
CREATE TABLE library.sections (
    material_id uuid NOT NULL REFERENCES library.materials ON DELETE CASCADE,
    organisation_id uuid NOT NULL,
    index int NOT NULL,
    heading text NOT NULL,
    path text[] NOT NULL,
    level int NOT NULL,
    kind text NOT NULL,
    first_page int NOT NULL,
    last_page int NOT NULL,
    read_at timestamptz,
    PRIMARY KEY (material_id, index)
);
CREATE TABLE library.pages (
    material_id uuid NOT NULL REFERENCES library.materials ON DELETE CASCADE,
    organisation_id uuid NOT NULL,
    number int NOT NULL,
    text text NOT NULL,
    blocks jsonb NOT NULL,
    failure text,
    PRIMARY KEY (material_id, number)
);
CREATE TABLE library.passages (
    id uuid PRIMARY KEY,
    material_id uuid NOT NULL REFERENCES library.materials ON DELETE CASCADE,
    organisation_id uuid NOT NULL,
    course_id uuid NOT NULL,
    range_number int NOT NULL,
    section int NOT NULL,
    position int NOT NULL,
    page_from int NOT NULL,
    page_to int NOT NULL,
    start_offset int NOT NULL,
    end_offset int NOT NULL,
    text text NOT NULL,
    content_hash bytea NOT NULL
);
CREATE INDEX pages_failed ON library.pages (material_id) WHERE failure IS NOT NULL;
CREATE INDEX ON library.passages (material_id, section, position);
CREATE INDEX ON library.passages (material_id, range_number, position);
"""

NOTES = """
CREATE SCHEMA notes;
CREATE TABLE notes.note_sets (
    material_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    course_id uuid NOT NULL,
    uploaded_by uuid NOT NULL,
    version int NOT NULL,
    title text NOT NULL,
    generator text NOT NULL,
    language text NOT NULL DEFAULT 'und',
    status text NOT NULL DEFAULT 'writing' CHECK (status IN ('writing', 'ready', 'failed')),
    published boolean NOT NULL DEFAULT false,
    indexed boolean NOT NULL DEFAULT false,
    total int NOT NULL DEFAULT 0,
    written int NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON notes.note_sets (course_id);
CREATE TABLE notes.sections (
    id uuid PRIMARY KEY,
    material_id uuid NOT NULL REFERENCES notes.note_sets ON DELETE CASCADE,
    organisation_id uuid NOT NULL,
    index int NOT NULL,
    heading text NOT NULL,
    path text[] NOT NULL,
    level int NOT NULL,
    first_page int NOT NULL,
    last_page int NOT NULL,
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'ready', 'failed')),
    summary text NOT NULL DEFAULT '',
    markdown text NOT NULL DEFAULT '',
    html text NOT NULL DEFAULT '',
    points jsonb NOT NULL DEFAULT '[]',
    key_terms jsonb NOT NULL DEFAULT '[]',
    dropped int NOT NULL DEFAULT 0,
    UNIQUE (material_id, index)
);
"""

REALTIME = """
CREATE SCHEMA realtime;
CREATE TABLE realtime.counters (
    account_id uuid PRIMARY KEY,
    last bigint NOT NULL
);
CREATE TABLE realtime.notifications (
    account_id uuid NOT NULL,
    seq bigint NOT NULL,
    organisation_id uuid NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    course_id uuid NOT NULL,
    material_id uuid NOT NULL,
    title text NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    PRIMARY KEY (account_id, seq),
    UNIQUE (account_id, event_id)
);
"""

TENANT = f"organisation_id = {ORGANISATIONS}"
POLICIES = {
    "events.events": TENANT,
    "events.deliveries": f"{TENANT} OR id = {DELIVERY}",
    "courses.courses": TENANT,
    "courses.enrolments": TENANT,
    "courses.invitations": f"{TENANT} OR code = {INVITATION}",
    "library.materials": TENANT,
    "library.ranges": TENANT,
    "library.sections": TENANT,
    "library.pages": TENANT,
    "library.passages": TENANT,
    "notes.note_sets": TENANT,
    "notes.sections": TENANT,
    "realtime.counters": f"account_id = {ACCOUNT}",
    "realtime.notifications": f"account_id = {ACCOUNT}",
}


def upgrade() -> None:
    for script in (EVENTS, COURSES, LIBRARY, NOTES, REALTIME):
        for statement in script.split(";\n"):
            if statement.strip():
                op.execute(statement)
    for schema in ("events", "courses", "library", "notes", "realtime"):
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO studium_app, studium_system")
    for table, rule in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} USING ({rule})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO studium_app")
    op.execute("GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA events TO studium_system")
