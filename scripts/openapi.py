"""Writes the description of the API to web/openapi.json; `npm run api` makes types of it."""

import json
from pathlib import Path
from typing import Any, cast

from studium import bootstrap
from studium.runtime.http import Readiness
from studium.runtime.service import Peers

TARGET = Path(__file__).parents[1] / "web" / "openapi.json"


def description() -> dict[str, Any]:
    no_engines = cast("Any", None)  # describing asks none of them
    app = bootstrap.build_app(no_engines, Peers(), Readiness({}), list(bootstrap.SERVICES))
    return app.openapi()


if __name__ == "__main__":
    TARGET.write_text(json.dumps(description(), indent=1, sort_keys=True) + "\n")
