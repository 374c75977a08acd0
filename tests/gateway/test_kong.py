"""Kong's file, against its published schema and the documented fields of each plugin. No Kong runs
here: what only a running one shows is not proven.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from studium.commands.gateway import Kind, render
from studium.gateway.wishes import Wishes
from studium.runtime.tokens import open_signing_key, read_public_key
from tests.conftest import ROOT
from tests.gateway.gate import ROWS, SERVICES

FOLDER = ROOT / "deploy" / "gateway"
EXAMPLE = FOLDER / "example-key.pem"
SCHEMA = json.loads((ROOT / "tests" / "gateway" / "kong" / "schema.json").read_text())
FIELDS = {
    "jwt": {
        "anonymous",
        "claims_to_verify",
        "cookie_names",
        "header_names",
        "key_claim_name",
        "maximum_expiration",
        "realm",
        "run_on_preflight",
        "secret_is_base64",
        "uri_param_names",
    },
    "rate-limiting": {
        "day",
        "error_code",
        "error_message",
        "fault_tolerant",
        "header_name",
        "hide_client_headers",
        "hour",
        "limit_by",
        "minute",
        "month",
        "path",
        "policy",
        "redis",
        "second",
        "sync_rate",
        "year",
    },
    "request-termination": {
        "body",
        "content_type",
        "echo",
        "message",
        "status_code",
        "trigger",
    },
}
"""Documented at developer.konghq.com/plugins/<name>/reference, Kong Gateway 3."""


@pytest.fixture(scope="module")
def config() -> Any:
    return yaml.safe_load((FOLDER / "kong.yaml").read_text())


def routes(config: Any) -> Iterator[tuple[Any, Any]]:
    for service in config["services"]:
        for route in service["routes"]:
            yield service, route


def test_the_committed_file_is_what_the_routes_say() -> None:
    rendered = render(Kind.KONG, Wishes(), (), [read_public_key(EXAMPLE)])
    assert (FOLDER / "kong.yaml").read_text() == rendered


def test_it_keeps_to_the_published_schema(config: Any) -> None:
    jsonschema.validate(config, SCHEMA)


def test_the_schema_would_see_a_mistake(config: Any) -> None:
    wrong = {**config, "services": [{**config["services"][0], "time_out": 1}]}
    with pytest.raises(jsonschema.ValidationError, match="time_out"):
        jsonschema.validate(wrong, SCHEMA)


def test_only_documented_fields_of_open_plugins(config: Any) -> None:
    for _, route in routes(config):
        for plugin in route.get("plugins", []):
            assert set(plugin["config"]) <= FIELDS[plugin["name"]]


def test_each_row_is_a_route_of_its_service(config: Any) -> None:
    listed = {
        (service["host"], path, method): route
        for service, route in routes(config)
        for path in route["paths"]
        for method in route.get("methods", [])
    }
    for row in ROWS:
        for method in row.methods:
            route = listed[(f"{row.service}.studium", f"~{row.pattern}$", method)]
            checks = [each["name"] for each in route.get("plugins", [])]
            assert ("jwt" in checks) is row.guarded
            assert route.get("request_buffering", True) is not row.lasting


def test_what_lasts_has_no_time_out(config: Any) -> None:
    lasting = {name for name in SERVICES if any(r.lasting for r in ROWS if r.service == name)}
    limits = {each["name"]: each["read_timeout"] for each in config["services"]}
    assert {name for name in limits if name.endswith("-lasting")} == {
        f"{name}-lasting" for name in lasting
    }
    day = 24 * 3600 * 1000
    assert all((limit > 20 * day) is name.endswith("-lasting") for name, limit in limits.items())


def test_names_are_unique_and_priorities_decide(config: Any) -> None:
    names = [route["name"] for _, route in routes(config)]
    assert len(names) == len(set(names))
    literal, with_id = (
        next(
            route["regex_priority"]
            for _, route in routes(config)
            if route["paths"] == [path] and "methods" in route
        )
        for path in ("~/v1/courses$", "~/v1/courses/[^/]+$")
    )
    assert literal > with_id > 0


def test_both_keys_stand_there_while_one_is_replaced(tmp_path: Path) -> None:
    keys = [open_signing_key(tmp_path / name).public for name in ("old.pem", "new.pem")]
    secrets = yaml.safe_load(render(Kind.KONG, Wishes(), (), keys))["consumers"][0]["jwt_secrets"]
    assert [each["key"] for each in secrets] == [key.id for key in keys]
    assert all("BEGIN PUBLIC KEY" in each["rsa_public_key"] for each in secrets)
    assert {each["algorithm"] for each in secrets} == {"ES256"}
