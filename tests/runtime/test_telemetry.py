"""Logs without secrets, metrics, and traces that join from the upload to the notification."""

from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from studium.commands.process import EVERYTHING
from studium.runtime import telemetry
from studium.settings import Settings
from tests.conftest import running
from tests.flows.acceptance import Browser, heard_until
from tests.services.library.books import tiny_book


def test_secrets_never_reach_a_log() -> None:
    entry: dict[str, Any] = {
        "event": "login",
        "password": "x",
        "access_token": "x",
        "Authorization": "x",
        "refresh_cookie": "x",
        "email": "kept",
    }
    assert telemetry.redact(None, "info", entry) == {
        "event": "login",
        "password": "[redacted]",
        "access_token": "[redacted]",
        "Authorization": "[redacted]",
        "refresh_cookie": "[redacted]",
        "email": "kept",
    }


def test_a_span_continues_the_trace_it_is_told_of() -> None:
    with telemetry.remote_span("first", None) as first:
        header = telemetry.traceparent()
    assert telemetry.traceparent() is None
    with telemetry.remote_span("second", header) as second:
        assert second.get_span_context().trace_id == first.get_span_context().trace_id


async def test_one_trace_runs_from_the_upload_to_the_notification(settings: Settings) -> None:
    spans = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    async with running(settings, EVERYTHING) as base:
        browser = Browser(base)
        await browser.register("traced")
        course = await browser.ok("POST", "/v1/courses", json={"title": "Traces"})
        async with browser.listening() as heard:
            await browser.upload(course["id"], tiny_book())
            await heard_until(heard, "notes.ready")
    finished = spans.get_finished_spans()
    notified = next(span for span in finished if span.name == "realtime.NotesReady")
    joined = {span.name for span in finished if span.context.trace_id == notified.context.trace_id}
    assert joined >= {
        "POST /v1/courses",
        "library.MaterialUploaded",
        "library.PageRangePlanned",
        "library.PageRangeRead",
        "notes.SectionRead",
        "realtime.NotesReady",
    }
