"""What is Qdrant's own: a collection per embedding model, that outlives the process."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from studium.adapters.vectors.qdrant import open_qdrant
from studium.adapters.vectors.qdrant_collection import check_version
from studium.core.errors import EngineUnavailableError
from studium.core.ports import Embedder
from studium.runtime.engines import Engines
from tests.ports.vectors import MODES, Shelf


@pytest.fixture
def embedder(engines: Engines) -> Embedder:
    return engines.embedder


async def test_what_is_kept_outlives_the_process(embedder: Embedder, tmp_path: Path) -> None:
    index = open_qdrant(str(tmp_path), embedder.name, embedder.dimensions)
    shelf = Shelf(index, embedder)
    await shelf.put(["Memory fades.", "Retrieval strengthens a memory."])
    before = [await shelf.ask("memory fades", mode) for mode in MODES]
    await index.close()
    shelf.index = open_qdrant(str(tmp_path), embedder.name, embedder.dimensions)
    assert [await shelf.ask("memory fades", mode) for mode in MODES] == before
    await shelf.index.close()


async def test_another_model_is_refused_and_harms_nothing(
    embedder: Embedder, tmp_path: Path
) -> None:
    """An empty collection beside the full one would answer that there is nothing."""
    index = open_qdrant(str(tmp_path), embedder.name, embedder.dimensions)
    shelf = Shelf(index, embedder)
    await shelf.put(["Memory fades."])
    await index.close()
    other = open_qdrant(str(tmp_path), "another/model", embedder.dimensions)
    stranger = Shelf(other, embedder, shelf.segment, {uuid4(): "Memory of another model."})
    for ask in (other.ping, stranger.put_keywords, stranger.put_vectors):
        with pytest.raises(EngineUnavailableError, match="another model"):
            await ask()
    for mode in MODES:
        with pytest.raises(EngineUnavailableError, match="another model"):
            await stranger.hits("memory", mode)
    await other.close()
    shelf.index = open_qdrant(str(tmp_path), embedder.name, embedder.dimensions)
    assert [text for text, _ in await shelf.ask("memory", "hybrid")] == ["Memory fades."]
    await shelf.index.close()


async def test_many_may_be_the_first(embedder: Embedder) -> None:
    index = open_qdrant(":memory:", embedder.name, embedder.dimensions)
    shelves = [Shelf(index, embedder) for _ in range(8)]
    await asyncio.gather(*(shelf.put([f"Memory {at}."]) for at, shelf in enumerate(shelves)))
    for at, shelf in enumerate(shelves):
        assert [text for text, _ in await shelf.ask("memory")] == [f"Memory {at}."]
    await index.close()


async def test_more_passages_than_one_request_holds(embedder: Embedder) -> None:
    index = open_qdrant(":memory:", embedder.name, embedder.dimensions)
    shelf = Shelf(index, embedder)
    await shelf.put([f"Memory number{at}." for at in range(600)])
    await shelf.put_keywords()
    for at in (0, 255, 256, 599):
        assert (await shelf.ask(f"number{at}"))[0][0] == f"Memory number{at}."
    assert len(await shelf.hits("memory", "hybrid", limit=150)) == 150
    await index.close()


@pytest.mark.parametrize("version", ["1.16.3", "0.11.0", "unknown"])
def test_a_server_that_is_too_old_is_refused(version: str) -> None:
    """It would leave out what it does not know of a request, and lose a passage's other side."""
    with pytest.raises(EngineUnavailableError, match="too old"):
        check_version(version)


@pytest.mark.parametrize("version", ["1.17.0", "1.20.1-dev", "2.0.0"])
def test_newer_servers_are_not(version: str) -> None:
    check_version(version)
