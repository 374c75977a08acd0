"""Behaviour of the language model port against a scripted OpenAI-compatible server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import BaseModel

from studium.adapters.llm import open_llm
from studium.core.errors import EngineUnavailableError
from studium.core.ports import LanguageModel


class Capital(BaseModel):
    city: str
    inhabitants: int


GOOD = json.dumps({"city": "Paris", "inhabitants": 2_100_000})


class _Provider(BaseHTTPRequestHandler):
    """Answers what the script says, one entry a request; the last one again and again."""

    script: list[tuple[int, str]]
    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, content = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        message = {"role": "assistant", "content": content}
        body: dict[str, Any] = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        if status != 200:
            body = {"error": {"message": content, "type": "scripted"}}
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status == 307:
            self.send_header("Location", self.path)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Provider:
    def __init__(self, *script: tuple[int, str]) -> None:
        handler = type("Scripted", (_Provider,), {"script": list(script), "asked": []})
        self.asked = handler.asked  # type: ignore[attr-defined]
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def model(self) -> LanguageModel:
        url = f"openai:scripted?base_url=http://127.0.0.1:{self.server.server_port}/v1"
        model = open_llm(url, "a-key")
        assert model
        return model


@pytest.fixture
def provider() -> Iterator[Any]:
    running: list[Provider] = []

    def start(*script: tuple[int, str]) -> Provider:
        running.append(Provider(*script))
        return running[-1]

    yield start
    for each in running:
        each.server.shutdown()


async def test_an_answer_has_the_schemas_shape(provider: Any) -> None:
    scripted = provider((200, GOOD))
    answer = await scripted.model().answer("Answer briefly.", "Capital of France?", Capital)
    assert answer == Capital(city="Paris", inhabitants=2_100_000)
    assert "json_schema" in json.dumps(scripted.asked[0])


async def test_an_answer_out_of_shape_is_asked_for_again(provider: Any) -> None:
    scripted = provider((200, "Paris, of course"), (200, '{"city": "Par'), (200, GOOD))
    assert (await scripted.model().answer("", "Capital?", Capital)).city == "Paris"
    assert len(scripted.asked) == 3


@pytest.mark.parametrize(
    "script",
    [(200, "I cannot help with that."), (400, "no"), (401, "bad key"), (500, "broken")],
)
async def test_what_stays_wrong_is_unavailable(provider: Any, script: tuple[int, str]) -> None:
    with pytest.raises(EngineUnavailableError):
        await provider(script).model().answer("", "Capital?", Capital)


async def test_a_redirect_is_not_followed(provider: Any) -> None:
    """The key is for the address that the operator named, and for no other."""
    scripted = provider((307, ""), (200, GOOD))
    with pytest.raises(EngineUnavailableError):
        await scripted.model().answer("", "Capital?", Capital)
    assert len(scripted.asked) == 1


async def test_nobody_listening_is_unavailable() -> None:
    model = open_llm("openai:x?base_url=http://127.0.0.1:9/v1")
    assert model
    with pytest.raises(EngineUnavailableError):
        await model.answer("", "Capital?", Capital)


def test_offline_has_no_model_and_unknown_schemes_are_errors() -> None:
    assert open_llm("offline:") is None
    with pytest.raises(ValueError, match="carrier-pigeon"):
        open_llm("carrier-pigeon:x")
