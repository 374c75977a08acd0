-- What people and books did. A row that comes twice has the same key and is merged into one;
-- until then FINAL reads it once. The tenant comes first, so a course's report reads its own rows.
CREATE TABLE IF NOT EXISTS activity (
    organisation_id UUID,
    course_id UUID,
    day Date MATERIALIZED toDate(occurred_at),
    kind LowCardinality(String),
    account_id UUID,
    id UUID,
    occurred_at DateTime64(3, 'UTC'),
    material_id UUID,
    place UInt32
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (organisation_id, course_id, day, kind, account_id, id)
