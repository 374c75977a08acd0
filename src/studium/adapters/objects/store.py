"""Objects on any store that obstore speaks to; a folder and S3 behave alike."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as MissingError
from obstore.store import LocalStore, S3Store

from studium.adapters.objects.kept import keep
from studium.core.errors import EngineUnavailableError, NotFoundError
from studium.core.ports import ObjectWriter

PART_BYTES = 5 * 1024 * 1024
CHUNK_BYTES = 256 * 1024


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (MissingError, FileNotFoundError) as error:
        raise NotFoundError("The file is not in the object store any more.") from error
    except BaseError as error:
        raise EngineUnavailableError(
            "The object store does not answer. Nothing was changed; try again in a moment.",
            cause=type(error).__name__,
        ) from error


class StoredObjects:
    def __init__(self, store: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @asynccontextmanager
    async def create(self, key: str) -> AsyncIterator[ObjectWriter]:
        pipe = _Pipe()
        putting = asyncio.create_task(self._put(key, pipe))
        try:
            yield _Writer(pipe, putting)
        except BaseException as error:
            # The store sees a failing source and drops what it has.
            await pipe.fail(error, putting)
            raise
        await pipe.end(putting)
        with _translated():
            await putting

    async def _put(self, key: str, pipe: "_Pipe") -> None:
        await obstore.put_async(
            self._store, key, pipe, use_multipart=True, chunk_size=PART_BYTES, max_concurrency=2
        )

    async def size(self, key: str) -> int:
        with _translated():
            return int((await obstore.head_async(self._store, key))["size"])

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        with _translated():
            wanted: Any = (start, end) if end is not None else {"offset": start}
            got = await obstore.get_async(self._store, key, options={"range": wanted})
            async for chunk in got.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        if self._folder:
            path = self._folder / key
            if not path.is_file():
                raise NotFoundError("The file is not in the object store any more.")
            yield path
            return
        with tempfile.NamedTemporaryFile(prefix="studium-", suffix=".pdf") as copy:
            async for chunk in self.read(key):
                await asyncio.to_thread(copy.write, chunk)
            copy.flush()
            yield Path(copy.name)

    async def link(self, key: str, seconds: int) -> str | None:
        if isinstance(self._store, LocalStore):
            return None
        with _translated():
            lasts = timedelta(seconds=seconds)
            return str(await obstore.sign_async(self._store, "GET", key, lasts))

    async def delete(self, prefix: str) -> int:
        with _translated():
            keys = [
                each["path"]
                async for batch in obstore.list(self._store, prefix=prefix)
                for each in batch
                if each["path"] == prefix or each["path"].startswith(prefix.rstrip("/") + "/")
            ]
            if not keys:
                keys = [prefix] if await self._exists(prefix) else []
            if keys and self._folder:
                await asyncio.to_thread(keep, self._folder, keys)
            if keys:
                await obstore.delete_async(self._store, keys)
        if self._folder:
            await asyncio.to_thread(_remove_empty, self._folder / prefix, self._folder)
        return len(keys)

    async def _exists(self, key: str) -> bool:
        try:
            await obstore.head_async(self._store, key)
        except (MissingError, FileNotFoundError):
            return False
        return True

    async def ping(self) -> None:
        with _translated(), suppress(NotFoundError):
            await obstore.list_with_delimiter_async(self._store, prefix="ping")

    async def close(self) -> None:
        """Obstore holds no connection that must be ended."""


def _remove_empty(folder: Path, top: Path) -> None:
    """Folders that a deletion left empty, up to the store's own."""
    if folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
    for parent in folder.parents:
        if parent == top or not parent.is_relative_to(top):
            return
        try:
            parent.rmdir()
        except OSError:
            return


class _Pipe:
    """Chunks from the writer to the store; at most a few wait, so memory stays flat."""

    def __init__(self) -> None:
        self._chunks: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(maxsize=4)

    def __aiter__(self) -> "_Pipe":
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._chunks.get()
        if chunk is None:
            raise StopAsyncIteration
        if isinstance(chunk, BaseException):
            raise RuntimeError("the writer gave up") from chunk  # noqa: TRY004 - no type is wrong
        return chunk

    async def put(self, chunk: bytes | None, putting: asyncio.Task[None]) -> None:
        """Waits for room; a store that fails meanwhile is heard instead of waited for."""
        adding = asyncio.ensure_future(self._chunks.put(chunk))
        await asyncio.wait({adding, putting}, return_when=asyncio.FIRST_COMPLETED)
        if not adding.done():
            adding.cancel()
        if putting.done():
            with _translated():
                putting.result()

    async def end(self, putting: asyncio.Task[None]) -> None:
        await self.put(None, putting)

    async def fail(self, error: BaseException, putting: asyncio.Task[None]) -> None:
        while not self._chunks.empty():
            self._chunks.get_nowait()
        self._chunks.put_nowait(error)
        with suppress(Exception):
            await putting


class _Writer:
    def __init__(self, pipe: _Pipe, putting: asyncio.Task[None]) -> None:
        self._pipe = pipe
        self._putting = putting

    async def write(self, chunk: bytes) -> None:
        if chunk:
            await self._pipe.put(chunk, self._putting)
