"""Every route × every kind of caller: the answers stand in `matrix.py`.

Whoever is refused changes nothing and learns nothing. A route without a row fails, and so does a
row without a route.
"""

from http import HTTPStatus

import httpx
import pytest
from fastapi import FastAPI

from tests.security.matrix import COLUMNS, HEAD, ROWS, Row
from tests.security.things import SECRET, School, ask, census, furnish

METHODS_THAT_READ = frozenset({"GET"})
OUTSIDE = ("nobody", "expired", "stranger", "member", "colleague")


def operations(app: FastAPI) -> set[str]:
    paths = app.openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def test_every_route_has_a_row_and_every_row_a_route(app: FastAPI) -> None:
    assert tuple(HEAD.split()[1:]) == COLUMNS
    assert {row.operation for row in ROWS} == operations(app)
    assert len({str(row) for row in ROWS}) == len(ROWS)


async def needed(school: School, row: Row) -> dict[str, str]:
    return await furnish(school, row.state) if row.needs_things else {}


def refused(row: Row) -> list[str]:
    return [name for name in COLUMNS if row.expected[name] >= HTTPStatus.BAD_REQUEST]


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_who_is_refused_changes_nothing_and_learns_nothing(
    school: School, api: httpx.AsyncClient, row: Row
) -> None:
    ids = await needed(school, row)
    before = await census(school)
    for column in refused(row):
        answer = await ask(school, api, row, column, ids)
        assert answer.status_code == row.expected[column], f"{column}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        assert "secret" not in answer.text, column
    assert await census(school) == before


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_who_may_is_answered(school: School, api: httpx.AsyncClient, row: Row) -> None:
    ids = await needed(school, row)
    for column in [name for name in COLUMNS if name not in refused(row)]:
        answer = await ask(school, api, row, column, ids)
        assert answer.status_code == row.expected[column], f"{column}: {answer.text}"
        if column in OUTSIDE and not row.path.endswith("/accept"):
            assert SECRET not in answer.text, column
        if row.method not in METHODS_THAT_READ:
            ids = await needed(school, row)
