"""A model of this machine, in child processes: the event loop never waits for arithmetic."""

import asyncio
import ctypes
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from studium.core.errors import EngineUnavailableError
from studium.core.ports import Vectors

Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    dimensions: int
    fusion_weight: float
    batch: int
    """Texts at a time."""
    load: Callable[[Path], Encode]
    """Called in the child, once; a module-level function, so that it can be sent there."""


def data_file(package: str, ending: str) -> Path:
    """A file of an installed package, found without importing it."""
    for file in metadata.files(package) or []:
        if str(file).endswith(ending):
            return Path(str(file.locate()))
    raise FileNotFoundError(f"{package} holds no {ending}")


_encode: Encode | None = None  # of the child process


def _start_child(model: Model, cache: Path) -> None:
    global _encode  # noqa: PLW0603 - a child process is born to hold one model
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no orphan outlives its parent
    _encode = model.load(cache)


def _embed(texts: list[str]) -> Vectors:
    if _encode is None:
        raise RuntimeError("the child was not started")
    return _encode(texts)


class LocalEmbedder:
    def __init__(self, model: Model, cache: Path, children: int) -> None:
        self._model = model
        self._cache = cache
        self._children = children
        self._pool: ProcessPoolExecutor | None = None

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def dimensions(self) -> int:
        return self._model.dimensions

    @property
    def fusion_weight(self) -> float:
        return self._model.fusion_weight

    async def embed(self, texts: Sequence[str]) -> Vectors:
        # Texts of like length share a batch: padding is work for nothing.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        batch_size = self._model.batch
        batches = [order[at : at + batch_size] for at in range(0, len(order), batch_size)]
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        answers = await asyncio.gather(
            *(self._batch([texts[at] for at in batch]) for batch in batches)
        )
        for batch, answer in zip(batches, answers, strict=True):
            vectors[batch] = answer
        return vectors

    async def _batch(self, texts: list[str]) -> Vectors:
        """A child that died is replaced once; a text that kills two children is an error."""
        for _ in range(2):
            pool = self._open()
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, _embed, texts)
            except BrokenProcessPool:
                if self._pool is pool:
                    self._pool = None
        raise EngineUnavailableError("The embedding model stopped twice on the same texts.")

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._children,
                multiprocessing.get_context("spawn"),
                _start_child,
                (self._model, self._cache),
            )
        return self._pool

    async def close(self) -> None:
        if self._pool:
            await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
            self._pool = None
