"""The route table says of each address what the API's own description says."""

import re

import pytest
from fastapi import FastAPI

from studium import bootstrap
from studium.gateway.table import Address, rows, upstreams

ROWS = rows(bootstrap.SERVICES)


def test_every_operation_of_the_api_is_in_one_row(app: FastAPI) -> None:
    described = {
        (path, method.upper(), bool(operation.get("security")))
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    listed = [
        (row.path, method, row.guarded)
        for row in ROWS
        if not row.websocket
        for method in row.methods
    ]
    assert sorted(listed) == sorted(described)


def test_the_first_row_that_fits_an_address_is_its_own() -> None:
    for row in ROWS:
        address = re.sub(r"\{[^}]+\}", "some-id", row.path)
        first = next(each for each in ROWS if re.fullmatch(each.pattern, address))
        assert first.path == row.path


def test_files_and_websockets_last_and_nothing_else_does() -> None:
    lasting = {(row.path, row.methods) for row in ROWS if row.lasting}
    assert lasting == {
        ("/v1/courses/{course_id}/materials", ("POST",)),
        ("/v1/downloads/{ticket}", ("GET",)),
        ("/v1/materials/{material_id}/file", ("GET",)),
        ("/v1/uploads/{upload_id}", ("PATCH",)),
        ("/v1/ws", ("GET",)),
    }


def test_a_dot_in_an_address_is_a_dot() -> None:
    row = next(row for row in ROWS if row.path == "/.well-known/jwks.json")
    assert re.fullmatch(row.pattern, "/.well-known/jwks.json")
    assert not re.fullmatch(row.pattern, "/.well-known/jwksXjson")


def test_replicas_are_named_or_found_by_the_name_of_the_service() -> None:
    places = upstreams(bootstrap.SERVICES, ["notes=10.0.0.1:80,[::1]:81"])
    assert places["notes"] == [Address("10.0.0.1", 80), Address("::1", 81)]
    assert places["auth"] == [Address("studium-auth", 8000)]


@pytest.mark.parametrize("told", ["nobody=1.1.1.1:80", "notes=here", "notes=:80", "notes"])
def test_what_is_no_replica_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match=r"no service|not host:port"):
        upstreams(bootstrap.SERVICES, [told])
