"""Clients that others wrote, over a way that breaks, to two processes in turn, with a token that
ends in the middle.
"""

import asyncio
import hashlib
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from studium.runtime.engines import Engines
from studium.runtime.tokens import ALGORITHM, LEEWAY_SECONDS
from tests.conftest import ROOT
from tests.faults.cutting import Road
from tests.faults.test_cut_resumable import large_book
from tests.flows.acceptance import Browser

CHUNK = 256 * 1024
CUTS = 20
LASTS = 8
"""Seconds, of a token that ends in the middle."""
NODE = Path(sys.executable).with_name("node")


def ending(engines: Engines, token: str) -> str:
    """The same token, good for a moment more."""
    claims = jwt.decode(token, options={"verify_signature": False})
    end = int(time.time()) + LASTS - LEEWAY_SECONDS
    key = engines.signing_key
    signed: str = jwt.encode(
        claims | {"exp": end},
        key.private,
        ALGORITHM,
        headers={"kid": key.public.id, "typ": jwt.get_unverified_header(token)["typ"]},
    )
    return signed


async def teacher(base: str) -> tuple[Browser, Any, str]:
    person = Browser(base)
    await person.register("patient")
    course = await person.ok("POST", "/v1/courses", json={"title": "Memory"})
    return person, course, person.api.headers["Authorization"].removeprefix("Bearer ")


async def arrived(person: Browser, material: str, book: bytes) -> None:
    stored = await person.api.get(f"/v1/materials/{material}/file")
    assert hashlib.sha256(stored.content).digest() == hashlib.sha256(book).digest()


async def test_tus_js_client(processes: tuple[str, str], engines: Engines, tmp_path: Path) -> None:
    person, course, token = await teacher(processes[0])
    file, book = tmp_path / "book.pdf", large_book()
    file.write_bytes(book)
    road = Road(processes, CHUNK, CUTS)
    (cookie,) = person.api.cookies.jar
    async with road.open() as address:
        told = {
            "road": address,
            "direct": processes[0],
            "packages": str(ROOT / "web" / "package.json"),
            "file": str(file),
            "course": course["id"],
            "token": ending(engines, token),
            "cookie": f"{cookie.name}={cookie.value}",
            "chunk": CHUNK,
            "retries": CUTS + 2,
        }
        client = await asyncio.create_subprocess_exec(
            str(NODE),
            str(Path(__file__).with_name("tus_client.mjs")),
            json.dumps(told),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, complaints = await client.communicate()
    assert client.returncode == 0, complaints.decode()
    came = json.loads(out)
    assert came["url"].endswith(f"/v1/uploads/{came['material']}")
    assert (road.broken, came["refreshed"]) == (CUTS, 1)
    await arrived(person, came["material"], book)


async def test_tuspy(processes: tuple[str, str], engines: Engines) -> None:
    person, course, token = await teacher(processes[0])
    book = large_book()
    road = Road(processes, CHUNK, CUTS)
    async with road.open() as address:
        client = TusClient(f"{address}/v1/uploads", {"Authorization": f"Bearer {token}"})
        uploader = client.uploader(
            file_stream=io.BytesIO(book),
            chunk_size=CHUNK,
            metadata={"filename": "book.pdf", "course_id": course["id"]},
            retries=CUTS,
            retry_delay=0,
            upload_checksum=True,
        )
        client.set_headers({"Authorization": f"Bearer {ending(engines, token)}"})
        await asyncio.to_thread(uploader.upload, len(book) // 2)
        await ended(processes[0], client.headers)
        uploader.retries = 0
        with pytest.raises(TusCommunicationError):
            await asyncio.to_thread(uploader.upload)
        client.set_headers({"Authorization": f"Bearer {token}"})
        uploader.offset = await asyncio.to_thread(uploader.get_offset)
        await asyncio.to_thread(uploader.upload)
        last: Any = uploader.request
        material = last.response_headers["studium-material"]
    assert road.broken == CUTS
    assert str(uploader.url).endswith(f"/v1/uploads/{material}")
    await arrived(person, material, book)


async def ended(base: str, headers: dict[str, str]) -> None:
    """Returns when the token is not good any more."""
    async with httpx.AsyncClient(base_url=base, headers=headers) as api:
        for _ in range(50 * LASTS):
            if not (await api.get("/v1/auth/me")).is_success:
                return
            await asyncio.sleep(0.1)
