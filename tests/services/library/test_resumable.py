"""tus 1.0.0, line by line: what each request is answered, and what is there afterwards.

https://tus.io/protocols/resumable-upload
"""

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from studium.core.event import now
from studium.runtime.caching import forget
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.courses import service as courses
from tests.services.conftest import Person
from tests.services.library.books import tiny_book
from tests.services.library.test_materials import objects_below
from tests.services.library.tus import (
    CHUNK,
    SPEAKS,
    begin,
    checksum,
    create,
    described,
    end,
    events,
    kind,
    look,
    materials,
    offset,
    patch,
    storage,
)

BOOK = tiny_book()
SIZE = len(BOOK)


# ── what is spoken ────────────────────────────────────────────────────────────────────────────
async def test_the_server_says_what_it_speaks_to_anybody(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.options("/v1/uploads")
    assert (answer.status_code, answer.content) == (204, b"")
    told = {name: answer.headers[f"tus-{name}"] for name in ("resumable", "version", "max-size")}
    assert told == {"resumable": "1.0.0", "version": "1.0.0", "max-size": str(512 * 2**20)}
    extensions = answer.headers["tus-extension"].split(",")
    assert extensions == ["creation", "termination", "checksum", "expiration"]
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"


async def test_a_post_may_name_the_method_that_a_proxy_lets_through_nowhere(ada: Person) -> None:
    place = await begin(ada.api, (await ada.course())["id"], SIZE)
    sent = {**CHUNK, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    kept = await ada.api.post(place, content=BOOK[:10], headers=sent)
    assert (kept.status_code, offset(kept)) == (204, 10)
    ended = await ada.api.post(place, headers={**SPEAKS, "X-HTTP-Method-Override": "DELETE"})
    assert ended.status_code == 204
    assert (await look(ada.api, place)).status_code == 404
    for nonsense in ("GET", "PUT", "nonsense"):
        refused = await ada.api.post(place, headers={**SPEAKS, "X-HTTP-Method-Override": nonsense})
        assert refused.status_code == 405
    elsewhere = await ada.api.post(
        "/v1/courses", json={"title": "x"}, headers={"X-HTTP-Method-Override": "DELETE"}
    )
    assert elsewhere.status_code == 201


@pytest.mark.parametrize("version", ["", "0.2.2", "1.0.1"])
async def test_another_version_is_refused_and_told_which_is_spoken(
    ada: Person, version: str
) -> None:
    course = await ada.course()
    place = await begin(ada.api, course["id"], SIZE)
    for method, path in (
        ("POST", "/v1/uploads"),
        ("HEAD", place),
        ("PATCH", place),
        ("DELETE", place),
    ):
        answer = await ada.api.request(method, path, headers={"Tus-Resumable": version})
        assert answer.status_code == 412, method
        assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert offset(await look(ada.api, place)) == 0


async def test_refusals_say_the_version_too(ada: Person, anonymous: httpx.AsyncClient) -> None:
    place = await begin(ada.api, (await ada.course())["id"], SIZE)
    assert kind(await create(anonymous, "x", SIZE)) == (401, "unauthenticated")
    assert (await look(anonymous, place)).headers["tus-resumable"] == "1.0.0"


# ── creation ──────────────────────────────────────────────────────────────────────────────────
async def test_an_upload_is_created_and_says_until_when_it_waits(ada: Person) -> None:
    course = await ada.course()
    answer = await create(ada.api, course["id"], SIZE)
    assert (answer.status_code, answer.content) == (201, b"")
    hours = (parsedate_to_datetime(answer.headers["upload-expires"]) - now()).total_seconds() / 3600
    assert 23.9 < hours < 24.1
    told = await look(ada.api, answer.headers["location"])
    assert (told.status_code, told.content, offset(told)) == (200, b"", 0)
    assert told.headers["upload-length"] == str(SIZE)
    assert told.headers["cache-control"] == "no-store"
    as_sent = described(filename="tiny.pdf", course_id=course["id"])
    assert told.headers["upload-metadata"] == as_sent
    assert "studium-material" not in told.headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Upload-Length": "0"}, (422, "empty-file")),
        ({"Upload-Length": "-1"}, (422, "invalid")),
        ({"Upload-Length": "many"}, (422, "invalid")),
        ({"Upload-Length": str(2**40)}, (413, "too-large")),
        ({"Upload-Metadata": ""}, (422, "upload-metadata")),
        ({"Upload-Metadata": "filename YQ=="}, (422, "upload-metadata")),
        ({"Upload-Metadata": "course_id YQ==,filename YQ=="}, (422, "upload-metadata")),
    ],
)
async def test_what_cannot_be_created_is_refused(
    ada: Person, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    course = await ada.course()
    assert kind(await create(ada.api, course["id"], SIZE, **headers)) == expected
    assert await storage(ada, course) == 0


async def test_only_teachers_of_the_course_create(ada: Person, ben: Person) -> None:
    course = await ada.course()
    assert kind(await create(ben.api, course["id"], SIZE)) == (404, "not-found")
    await ada.enrol(ben, course["id"])
    assert kind(await create(ben.api, course["id"], SIZE)) == (403, "forbidden")


async def test_an_upload_is_its_makers_for_as_long_as_they_teach(
    ada: Person, ben: Person, engines: Engines
) -> None:
    course = await ada.course()
    place = await begin(ada.api, course["id"], SIZE)
    await ada.enrol(ben, course["id"])
    await becomes(engines, ben, course, "teacher")
    assert (await look(ben.api, place)).status_code == 404
    mine = await begin(ben.api, course["id"], SIZE)
    await becomes(engines, ben, course, "student")
    assert kind(await patch(ben.api, mine, 0, BOOK)) == (403, "forbidden")
    assert kind(await end(ben.api, mine)) == (403, "forbidden")


async def becomes(engines: Engines, person: Person, course: dict[str, Any], role: str) -> None:
    async with engines.courses.transaction(Scope((UUID(course["organisation_id"]),))) as session:
        await session.execute(
            text("UPDATE courses.enrolments SET role = :role WHERE account_id = :account"),
            {"role": role, "account": person.account["id"]},
        )
    await forget(engines.cache, courses._key(UUID(person.account["id"])))


# ── the bytes ─────────────────────────────────────────────────────────────────────────────────
async def test_a_book_arrives_in_chunks_that_each_reach_another_process(
    ada: Person, other: httpx.AsyncClient, engines: Engines
) -> None:
    course = await ada.course()
    place = await begin(ada.api, course["id"], SIZE, "My_first book.pdf")
    at, processes = 0, (other, ada.api)
    while at < SIZE:
        answer = await patch(processes[0], place, at, BOOK[at : at + 1000])
        assert (answer.status_code, answer.content) == (204, b""), answer.text
        assert offset(answer) == min(at + 1000, SIZE)
        assert "upload-expires" in answer.headers
        at, processes = offset(answer), processes[::-1]
        assert offset(await look(processes[0], place)) == at
    material = answer.headers["studium-material"]
    assert place == f"/v1/uploads/{material}"
    (shown,) = await materials(ada, course)
    assert (shown["id"], shown["title"]) == (material, "My first book")
    assert (shown["file_name"], shown["bytes"]) == ("My_first book.pdf", SIZE)
    assert (await ada.api.get(f"/v1/materials/{material}/file")).content == BOOK
    assert len(await objects_below(engines, ada.organisation_id)) == 1, "no part is left"
    assert await storage(ada, course) == SIZE
    assert await events(engines, ada) == 1


async def test_only_the_right_offset_and_media_type_are_taken(ada: Person) -> None:
    place = await begin(ada.api, (await ada.course())["id"], SIZE)
    assert kind(await patch(ada.api, place, 1, BOOK)) == (409, "upload-offset")
    assert kind(await patch(ada.api, place, -1, BOOK)) == (422, "invalid")
    plain = await ada.api.patch(place, content=BOOK, headers={**SPEAKS, "Upload-Offset": "0"})
    assert kind(plain) == (415, "not-a-chunk")
    nameless = await ada.api.patch(place, content=BOOK, headers=CHUNK)
    assert kind(nameless) == (422, "invalid")
    assert kind(await patch(ada.api, place, 0, b"")) == (422, "chunk-empty")
    assert offset(await look(ada.api, place)) == 0
    await patch(ada.api, place, 0, BOOK[:10])
    assert kind(await patch(ada.api, place, 0, BOOK[:10])) == (409, "upload-offset")
    assert offset(await look(ada.api, place)) == 10


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """Without a Content-Length."""
    for at in range(0, len(content), 997):
        yield content[at : at + 997]


async def test_no_chunk_goes_beyond_the_file(ada: Person, engines: Engines) -> None:
    place = await begin(ada.api, (await ada.course())["id"], SIZE)
    assert kind(await patch(ada.api, place, 0, BOOK + b"!")) == (413, "chunk-too-large")
    assert kind(await patch(ada.api, place, 0, pieces(BOOK + b"!"))) == (413, "chunk-too-large")
    assert await objects_below(engines, ada.organisation_id) == []
    assert (await patch(ada.api, place, 0, pieces(BOOK))).headers["studium-material"]


async def test_a_chunk_has_64_mib_at_most(ada: Person) -> None:
    place = await begin(ada.api, (await ada.course())["id"], 512 * 2**20)
    announced = {"Content-Length": str(64 * 2**20 + 1)}
    refused = await patch(ada.api, place, 0, pieces(BOOK), **announced)
    assert kind(refused) == (413, "chunk-too-large")
    assert "after 64 MiB" in refused.json()["detail"]


async def test_an_upload_has_no_more_chunks_than_its_row_can_bear(
    ada: Person, engines: Engines
) -> None:
    place = await begin(ada.api, (await ada.course())["id"], SIZE)
    async with engines.courses.transaction(Scope((UUID(ada.organisation_id),))) as session:
        await session.execute(
            text("UPDATE library.resumable_uploads SET parts = array_fill(id, ARRAY[10000])")
        )
    assert kind(await patch(ada.api, place, 0, BOOK)) == (422, "too-many-chunks")


async def test_of_two_chunks_at_the_same_byte_one_counts(
    ada: Person, other: httpx.AsyncClient, engines: Engines
) -> None:
    course = await ada.course()
    place = await begin(ada.api, course["id"], SIZE)
    both = await asyncio.gather(
        *(patch(api, place, 0, pieces(BOOK[:5000])) for api in (ada.api, other))
    )
    assert sorted(each.status_code for each in both) == [204, 409]
    assert offset(await look(ada.api, place)) == 5000
    assert len(await objects_below(engines, ada.organisation_id)) == 1
    await patch(other, place, 5000, BOOK[5000:])
    (shown,) = await materials(ada, course)
    assert (await ada.api.get(f"/v1/materials/{shown['id']}/file")).content == BOOK


# ── checksum ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_checksum_is_checked(ada: Person, engines: Engines, algorithm: str) -> None:
    place = await begin(ada.api, (await ada.course())["id"], SIZE)
    damaged = await patch(ada.api, place, 0, BOOK[:99], **checksum(algorithm, BOOK[:98]))
    assert kind(damaged) == (460, "chunk-damaged")
    assert offset(await look(ada.api, place)) == 0
    assert await objects_below(engines, ada.organisation_id) == []
    whole = await patch(ada.api, place, 0, BOOK, **checksum(algorithm, BOOK))
    assert whole.headers["studium-material"]


@pytest.mark.parametrize("said", ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1 not base64", "sha1"])
async def test_a_checksum_that_cannot_be_read_is_refused(ada: Person, said: str) -> None:
    place = await begin(ada.api, (await ada.course())["id"], SIZE)
    answer = await patch(ada.api, place, 0, BOOK, **{"Upload-Checksum": said})
    assert answer.status_code in {400, 460}
    assert offset(await look(ada.api, place)) == 0
