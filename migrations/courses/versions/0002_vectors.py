"""Keyword and dense side of the passages, for the vector engine `pgvector:`."""

from alembic import op

revision = "0002"
down_revision = "0001"

ORGANISATIONS = "ANY((SELECT nullif(current_setting('app.organisations', true), ''))::uuid[])"
# A halfvec index needs its number of dimensions, so each has a table of its own.
DIMENSIONS = (256, 384, 768, 1024, 1536)

KEYWORDS = """
CREATE SCHEMA vectors;
-- One row holds a term's postings in one page range: a segment is written once and replaced whole.
CREATE TABLE vectors.postings (
    organisation_id uuid NOT NULL,
    course_id uuid NOT NULL,
    material_id uuid NOT NULL,
    segment int NOT NULL,
    term int NOT NULL,
    passage_ids uuid[] NOT NULL,
    frequencies smallint[] NOT NULL,
    lengths smallint[] NOT NULL,
    PRIMARY KEY (course_id, term, material_id, segment)
);
CREATE INDEX ON vectors.postings (material_id, segment);
-- Number and length of the passages: sums over a course give BM25 its N and mean length.
CREATE TABLE vectors.segments (
    organisation_id uuid NOT NULL,
    course_id uuid NOT NULL,
    material_id uuid NOT NULL,
    segment int NOT NULL,
    passages int NOT NULL,
    tokens bigint NOT NULL,
    PRIMARY KEY (course_id, material_id, segment)
);
CREATE INDEX ON vectors.segments (material_id, segment)
"""
EMBEDDINGS = """
CREATE TABLE vectors.embeddings_{n} (
    passage_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    course_id uuid NOT NULL,
    material_id uuid NOT NULL,
    segment int NOT NULL,
    embedding halfvec({n}) NOT NULL
);
CREATE INDEX ON vectors.embeddings_{n} (course_id);
CREATE INDEX ON vectors.embeddings_{n} (material_id, segment);
CREATE INDEX ON vectors.embeddings_{n}
    USING hnsw (embedding halfvec_ip_ops) WITH (m = 16, ef_construction = 64)
"""


def upgrade() -> None:
    for script in (KEYWORDS, *(EMBEDDINGS.format(n=n) for n in DIMENSIONS)):
        for statement in script.split(";\n"):
            op.execute(statement)
    op.execute("GRANT USAGE ON SCHEMA vectors TO studium_app, studium_system")
    tables = ["postings", "segments", *(f"embeddings_{n}" for n in DIMENSIONS)]
    for table in tables:
        op.execute(f"ALTER TABLE vectors.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE vectors.{table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY visible ON vectors.{table} USING (organisation_id = {ORGANISATIONS})"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON vectors.{table} TO studium_app")
