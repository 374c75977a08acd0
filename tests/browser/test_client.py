"""The types that the web app is compiled against are those of the running server."""

import json
from pathlib import Path

import httpx

OPENAPI = Path(__file__).parents[2] / "web" / "openapi.json"


def test_the_committed_description_is_the_servers_own(app_url: str) -> None:
    running = httpx.get(f"{app_url}/v1/openapi.json").json()
    committed = json.loads(OPENAPI.read_text())
    assert committed == running, "Save /v1/openapi.json as web/openapi.json, then `npm run api`."
