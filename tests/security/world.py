"""A school for Schemathesis: an owner with a course and a book that has been read, a neighbour."""

import time
from pathlib import Path
from typing import Any

import httpx

from tests.services.library.books import tiny_book

PASSWORD = "correct horse battery"
PATIENCE = 60
BROKEN = b"%PDF-1.7\nno book"
"""It fails each time that it is read, so trying again is always possible."""


def furnish(url: str, folder: Path, name: str) -> dict[str, Any]:
    """What `hooks.py` knows of the world: ids that exist and who may log in."""
    book = folder / "book.pdf"
    book.write_bytes(tiny_book())
    with httpx.Client(base_url=url, timeout=30) as owner, httpx.Client(base_url=url) as neighbour:
        credentials, guest = _register(owner, name), _register(neighbour, f"{name}-neighbour")
        mine, theirs = _course(owner, "Memory"), _course(neighbour, "Forgetting")
        material, broken = _read_book(owner, mine, book), _upload(owner, mine, BROKEN)
        _ok(owner.put(f"/v1/materials/{material}/notes/published", json={"published": True}))
        (folder / "openapi.json").write_bytes(owner.get("/v1/openapi.json").content)
        link = _ok(owner.get(f"/v1/materials/{material}/link"))["url"]
        codes = [_ok(neighbour.post(f"/v1/courses/{theirs}/invitations"))["code"]]
        codes.append(_ok(owner.post(f"/v1/courses/{mine}/invitations"))["code"])
    ids = {"course_id": [mine, mine, mine, theirs], "material_id": [material, broken]}
    return {
        "url": url,
        "book": str(book),
        "credentials": credentials,
        "guest": guest,
        "ids": {**ids, "code": codes, "ticket": [link.rsplit("/", 1)[1]]},
    }


def _register(api: httpx.Client, name: str) -> dict[str, str]:
    credentials = {"email": f"{name}@school.test", "password": PASSWORD}
    session = _ok(api.post("/v1/auth/register", json={**credentials, "name": name}))
    api.headers["Authorization"] = f"Bearer {session['access_token']}"
    return credentials


def _course(api: httpx.Client, title: str) -> str:
    return str(_ok(api.post("/v1/courses", json={"title": title}))["id"])


def _upload(api: httpx.Client, course_id: str, content: bytes) -> str:
    files = {"file": ("book.pdf", content, "application/pdf")}
    return str(_ok(api.post(f"/v1/courses/{course_id}/materials", files=files))["id"])


def _read_book(api: httpx.Client, course_id: str, book: Path) -> str:
    material = _upload(api, course_id, book.read_bytes())
    for _ in range(PATIENCE * 10):
        if _ok(api.get(f"/v1/materials/{material}/notes"))["status"] == "ready":
            return material
        time.sleep(0.1)
    raise AssertionError("the book was not read in time")


def _ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()
