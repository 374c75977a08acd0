"""The plan of every statement that runs, as the role that runs it, in its own transaction.

A pooled connection prepares its statements, so PostgreSQL plans the first five runs for their
values and may then keep one plan for all values: both are asked for.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from sqlalchemy import Connection, Engine, event

GENERIC = """
CREATE OR REPLACE FUNCTION public.generic_plan(query text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE found json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON, VERBOSE, GENERIC_PLAN) ' || query INTO found;
    RETURN found;
END $$
"""
_SAID = {"Index Name": "by", "Function Name": "of", "CTE Name": "of"}


@dataclass(frozen=True, slots=True)
class Plan:
    shape: tuple[str, ...]
    scanned: frozenset[str]
    """Tables that are read from end to end."""


@dataclass(slots=True)
class Explained:
    """Call → statement → its plans: for any values first, for these where it is another."""

    plans: dict[str, dict[str, tuple[Plan, ...]]] = field(default_factory=dict)
    call: str = "start"

    def during(self, call: str) -> None:
        self.call = call

    def keep(self, statement: str, plans: tuple[Plan, ...]) -> None:
        known = any(statement in each for each in self.plans.values())
        if not known and any(plan.shape for plan in plans):
            self.plans.setdefault(self.call, {})[statement] = plans


async def prepare(connection: asyncpg.Connection) -> None:
    """As a superuser, in each database."""
    await connection.execute(GENERIC)


@contextmanager
def explaining() -> Iterator[Explained]:
    """Every engine of this process, for as long as the block lasts."""
    explained = Explained()

    def explain(
        connection: Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        if not statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            return
        folded = " ".join(statement.split())
        ask = _asking(connection)
        generic = ask("SELECT public.generic_plan($1::text)", (folded,))
        told = values[0] if many else values
        here = ask(f"EXPLAIN (FORMAT JSON, VERBOSE) {folded}", told)
        explained.keep(folded, tuple(dict.fromkeys((_plan(generic), _plan(here)))))

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield explained
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


def _asking(connection: Connection) -> Callable[[str, Any], Any]:
    def ask(statement: str, values: Any) -> Any:
        cursor = connection.connection.cursor()
        cursor.execute(statement, values)
        row = cursor.fetchone()
        cursor.close()
        found = row[0] if row else "[]"
        return json.loads(found) if isinstance(found, str) else found

    return ask


def _plan(found: Any) -> Plan:
    root = found[0]["Plan"]
    scanned = frozenset(
        f"{node['Schema']}.{node['Relation Name']}"
        for node in _nodes(root)
        if node["Node Type"] == "Seq Scan"
    )
    return Plan(tuple(_lines(root, 0)), scanned)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _lines(node: dict[str, Any], depth: int) -> Iterator[str]:
    """A node a line; constants (settings of row-level security, values) are left out."""
    children = node.get("Plans", ())
    if node["Node Type"] == "Result" and not children:
        return
    yield "  " * depth + _said(node)
    for child in children:
        yield from _lines(child, depth + 1)


def _said(node: dict[str, Any]) -> str:
    words = [node["Node Type"]]
    if "Join Type" in node and node["Join Type"] != "Inner":
        words.append(node["Join Type"])
    if "Relation Name" in node:
        words.append(f"on {node['Schema']}.{node['Relation Name']}")
    words += [f"{said} {node[name]}" for name, said in _SAID.items() if name in node]
    if "hashed SubPlan" in node.get("Filter", ""):
        words.append("hashing a sub-plan")
    if "Subplan Name" in node:
        words.append(f"({node['Subplan Name']})")
    return " ".join(words)
