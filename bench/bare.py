"""What the figures are compared with: Starlette and nothing else, on the same uvicorn.

`python -m bench.bare FOLDER` serves, on `STUDIUM_PORT`:
- `POST /copy`: the body as it comes, hashed and written to a file; no form is read;
- `POST /form`: what Starlette's own documentation shows: `request.form()`, then the file is copied
  and hashed;
- `PUT /list` keeps a JSON document, `GET /list` answers it as `JSONResponse` does.
"""

import asyncio
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from studium.runtime.http import Readiness
from studium.runtime.server import bind, serve

FOLDER = Path(sys.argv[1])
CHUNK_BYTES = 1 << 20
LISTS: dict[str, Any] = {}


async def copy(request: Request) -> JSONResponse:
    target = FOLDER / uuid4().hex
    digest = hashlib.sha256()
    with target.open("wb") as file:
        async for chunk in request.stream():
            digest.update(chunk)
            file.write(chunk)
    return JSONResponse({"sha256": digest.hexdigest(), "file": target.name})


async def form(request: Request) -> JSONResponse:
    target = FOLDER / uuid4().hex
    digest = hashlib.sha256()
    async with request.form() as fields:
        upload = fields["file"]
        assert isinstance(upload, UploadFile)
        with target.open("wb") as file:
            while chunk := await upload.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
    return JSONResponse({"sha256": digest.hexdigest(), "file": target.name})


async def keep(request: Request) -> PlainTextResponse:
    LISTS["kept"] = json.loads(await request.body())
    return PlainTextResponse("kept")


async def listed(_request: Request) -> JSONResponse:
    return JSONResponse(LISTS["kept"])


async def ready(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ready")


APP = Starlette(
    routes=[
        Route("/copy", copy, methods=["POST"]),
        Route("/form", form, methods=["POST"]),
        Route("/list", keep, methods=["PUT"]),
        Route("/list", listed),
        Route("/readyz", ready),
    ]
)


async def main() -> None:
    with bind("127.0.0.1", int(os.environ["STUDIUM_PORT"])) as bound:
        await serve(APP, bound, Readiness({}, open=True), 5)  # type: ignore[arg-type]


if __name__ == "__main__":
    asyncio.run(main())
