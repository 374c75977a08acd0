"""`/v1/uploads`: tus 1.0.0 (https://tus.io/protocols/resumable-upload)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response, status
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from studium.core.errors import Kind, StudiumError
from studium.runtime.http import Caller, EnginesOf, PeersOf, limited
from studium.runtime.http_bodies import may_be_long, streamed
from studium.runtime.openapi import Responses, answers
from studium.services.courses.contract import Courses
from studium.services.library.models import ResumableUpload
from studium.services.library.tus import service, wire


class UnsupportedError(StudiumError):
    kind = Kind.UNSUPPORTED
    type = "not-a-chunk"
    title = "This is not a chunk"


class TusRoute(APIRoute):
    """Every answer says the version, also to a request that is refused. And a client whose way
    lets no PATCH or DELETE through may send a POST that names it (`X-HTTP-Method-Override`).
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        named = Headers(scope=scope).get("x-http-method-override", "")
        if scope["type"] != "http" or scope["method"] != "POST" or not named:
            return super().matches(scope)
        meant = {"method": named.upper()}
        match, child = super().matches({**scope, **meant})
        return match, {**child, **meant} if match is Match.FULL else child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def versioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                version = (b"tus-resumable", wire.VERSION.encode())
                message["headers"] = [*message.get("headers", ()), version]
            await send(message)

        await super().handle(scope, receive, versioned)


async def _speaks_tus(
    version: Annotated[
        str, Header(alias="Tus-Resumable", json_schema_extra={"const": wire.VERSION})
    ] = "",
) -> None:
    if version != wire.VERSION:
        raise wire.VersionError(f"Nothing was changed. Send `Tus-Resumable: {wire.VERSION}`.")


async def _own(
    upload_id: UUID, principal: Caller, engines: EnginesOf, peers: PeersOf
) -> ResumableUpload:
    """Whoever began it, for as long as they teach the course."""
    upload = await service.found(engines, principal, upload_id)
    await peers.get(Courses).teach(principal, upload.course_id)
    return upload


Own = Annotated[ResumableUpload, Depends(_own)]
Size = Annotated[int, Header(ge=0, le=2**53)]

router = APIRouter(route_class=TusRoute)
SPOKEN = [Depends(_speaks_tus)]
REFUSALS = answers(Kind.NOT_FOUND, Kind.FORBIDDEN, Kind.STALE)
REFUSALS[412] |= {"description": "another version of tus"}
CHUNK = {"schema": {"type": "string", "format": "binary"}}


def _of(status_code: int, description: str, *headers: str) -> Responses:
    """An answer whose substance is its headers."""
    told = {name: {"schema": {"type": "string"}} for name in ("Tus-Resumable", *headers)}
    return {status_code: {"description": description, "headers": told}}


ALL, ONE = "/v1/uploads", "/v1/uploads/{upload_id}"
STATE = ("Upload-Offset", "Upload-Expires", "Studium-Material")


@router.options(
    ALL,
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_of(204, "what is spoken here", "Tus-Version", "Tus-Extension", "Tus-Max-Size"),
)
async def spoken(response: Response, engines: EnginesOf) -> None:
    response.headers["Tus-Version"] = wire.VERSION
    response.headers["Tus-Extension"] = wire.EXTENSIONS
    response.headers["Tus-Max-Size"] = str(engines.limits.upload_max_bytes)
    response.headers["Tus-Checksum-Algorithm"] = ",".join(wire.ALGORITHMS)


@router.post(
    ALL,
    status_code=status.HTTP_201_CREATED,
    response_class=Response,
    responses={
        **_of(201, "send its bytes to `Location`", "Location", "Upload-Expires"),
        **REFUSALS,
        **answers(Kind.TOO_LARGE),
    },
    dependencies=[*SPOKEN, limited("uploads")],
)
async def create(
    response: Response,
    principal: Caller,
    engines: EnginesOf,
    peers: PeersOf,
    upload_length: Size,
    upload_metadata: Annotated[str, Header(max_length=4096)],
) -> None:
    """`Upload-Metadata` carries `course_id` and `filename`, each in base64."""
    told = wire.Metadata.read(upload_metadata)
    course = await peers.get(Courses).teach(principal, told.course_id)
    upload = await service.create(engines, principal, course, upload_metadata, upload_length)
    response.headers["Location"] = f"/v1/uploads/{upload.id}"
    _show(response, upload)


@router.head(
    ONE,
    response_class=Response,
    responses={**_of(200, "how far it is", *STATE, "Upload-Length", "Upload-Metadata"), **REFUSALS},
    dependencies=SPOKEN,
)
async def look(response: Response, upload: Own, principal: Caller, engines: EnginesOf) -> None:
    """Where all bytes are here and the book was not made of them yet, it is now."""
    kept = await service.finished(engines, principal, upload)
    response.headers["Upload-Length"] = str(kept.length)
    response.headers["Upload-Metadata"] = kept.described
    response.headers["Cache-Control"] = "no-store"
    _show(response, kept)


@router.patch(
    ONE,
    status_code=status.HTTP_204_NO_CONTENT,
    responses={
        **_of(204, "kept", *STATE),
        **REFUSALS,
        **answers(Kind.MALFORMED, Kind.CONFLICT, Kind.UNSUPPORTED, Kind.DAMAGED),
    },
    dependencies=[*SPOKEN, Depends(may_be_long)],
    openapi_extra={"requestBody": {"required": True, "content": {wire.MEDIA_TYPE: CHUNK}}},
)
async def append(
    request: Request,
    response: Response,
    upload: Own,
    principal: Caller,
    engines: EnginesOf,
    upload_offset: Size,
    upload_checksum: Annotated[str, Header(max_length=200)] = "",
) -> None:
    """The next bytes, 64 MiB at most. `Upload-Checksum`: `sha1` or `sha256`, and the sum of these
    bytes in base64. With the last of them the upload becomes a book: `Studium-Material` is its id,
    or the id of the book that has the same bytes.
    """
    if request.headers.get("content-type", "") != wire.MEDIA_TYPE:
        raise UnsupportedError(f"Nothing was kept. Send the bytes as {wire.MEDIA_TYPE}.")
    chunk = service.Chunk(
        streamed(request),
        int(request.headers.get("content-length", 0)),
        wire.Checksum.read(upload_checksum) if upload_checksum else None,
    )
    _show(response, await service.append(engines, principal, upload, upload_offset, chunk))


@router.delete(
    ONE,
    status_code=status.HTTP_204_NO_CONTENT,
    responses={**_of(204, "ended"), **REFUSALS},
    dependencies=SPOKEN,
)
async def terminate(upload: Own, principal: Caller, engines: EnginesOf) -> None:
    """A book that it became already stays."""
    await service.terminate(engines, principal, upload)


def _show(response: Response, upload: ResumableUpload) -> None:
    response.headers["Upload-Offset"] = str(upload.received)
    response.headers["Upload-Expires"] = wire.http_date(upload.expires_at)
    if upload.material_id:
        response.headers["Studium-Material"] = str(upload.material_id)
