"""What the planner knows of a population, without the population.

PostgreSQL 18 restores statistics (`pg_restore_relation_stats`, `pg_restore_attribute_stats`), so a
database of some hundred accounts plans as one of a million does. The planner scales the number of
rows with the size of the file that is there: pages are set to those, rows to the saved ones.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg

TARGET = 10
"""Most common values and histogram bounds of a column: enough to plan with, few enough to keep."""
_SCHEMAS = "('public', 'courses', 'library', 'notes', 'realtime', 'events', 'vectors')"
_RELATIONS = f"""
SELECT n.nspname AS schemaname, c.relname, c.reltuples
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN {_SCHEMAS} AND c.relkind IN ('r', 'i') AND c.reltuples > 0
ORDER BY 1, 2
"""
# `reg` types name themselves; arrays of any type travel as text.
_COLUMNS = f"""
SELECT schemaname, tablename AS relname, attname, null_frac, avg_width, n_distinct, correlation,
    most_common_vals::text, most_common_freqs, histogram_bounds::text,
    most_common_elems::text, most_common_elem_freqs, elem_count_histogram
FROM pg_stats WHERE schemaname IN {_SCHEMAS} ORDER BY 1, 2, 3
"""
_TYPES = {
    "null_frac": "real",
    "avg_width": "integer",
    "n_distinct": "real",
    "correlation": "real",
    "most_common_vals": "text",
    "most_common_freqs": "real[]",
    "histogram_bounds": "text",
    "most_common_elems": "text",
    "most_common_elem_freqs": "real[]",
    "elem_count_histogram": "real[]",
}
_PAGES = "pg_relation_size(format('%I.%I', $1::text, $2::text)::regclass) / 8192"
_RESTORE_RELATION = f"""
SELECT pg_restore_relation_stats('schemaname', $1::text, 'relname', $2::text,
    'relpages', ({_PAGES})::integer, 'relallvisible', ({_PAGES})::integer, 'reltuples', $3::real)
"""
_THERE = """
SELECT n.nspname, c.relname, unnest(array_append(array_agg(a.attname::text), ''))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped GROUP BY 1, 2
"""
_ROUNDED = 5

Saved = dict[str, list[dict[str, Any]]]


async def save(connection: asyncpg.Connection) -> Saved:
    """As a superuser, of this connection's database."""
    undone = connection.transaction()
    await undone.start()
    try:
        await connection.execute(f"SET LOCAL default_statistics_target = {TARGET}")
        await connection.execute("ANALYZE", timeout=600)
        found = {
            "relations": [_plain(row) for row in await connection.fetch(_RELATIONS)],
            "columns": [_plain(row) for row in await connection.fetch(_COLUMNS)],
        }
    finally:
        await undone.rollback()
    return found


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _rounded(value) for name, value in row.items() if value is not None}


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.{_ROUNDED}g}") if isinstance(value, float) else value


async def restore(connection: asyncpg.Connection, saved: Saved) -> None:
    """As a superuser. Autovacuum must be off: it would write what is true. What a later migration
    removed is left out.
    """
    there = {tuple(row) for row in await connection.fetch(_THERE)}
    for each in saved["relations"]:
        if (each["schemaname"], each["relname"], "") not in there:
            continue
        await connection.execute(
            _RESTORE_RELATION, each["schemaname"], each["relname"], each["reltuples"]
        )
    for each in saved["columns"]:
        if (each["schemaname"], each["relname"], each["attname"]) not in there:
            continue
        known = [name for name in _TYPES if name in each]
        told = "".join(f", '{name}', ${n}::{_TYPES[name]}" for n, name in enumerate(known, 4))
        await connection.execute(
            "SELECT pg_restore_attribute_stats('schemaname', $1::text, 'relname', $2::text,"
            f" 'attname', $3::text, 'inherited', false{told})",
            *(each[name] for name in ("schemaname", "relname", "attname")),
            *(each[name] for name in known),
        )


def dumped(databases: Mapping[str, Saved]) -> str:
    """JSON, a relation or a column a line."""
    return "{\n" + ",\n".join(_dumped(databases)) + "\n}\n"


def _dumped(databases: Mapping[str, Saved]) -> Iterator[str]:
    for database, saved in databases.items():
        parts = ",\n".join(
            f'"{kind}": [\n' + ",\n".join(json.dumps(each) for each in rows) + "\n]"
            for kind, rows in saved.items()
        )
        yield f'"{database}": {{\n{parts}\n}}'
