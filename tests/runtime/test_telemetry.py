"""Logs without secrets, metrics, and traces that join from the upload to the notification."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from studium.commands.process import EVERYTHING
from studium.runtime import telemetry
from studium.runtime.database import Scope
from studium.runtime.engines import Engines
from studium.services.auth.models import Account
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


def test_secrets_inside_what_is_logged_are_taken_out() -> None:
    entry: dict[str, Any] = {
        "event": "GET with Bearer abc.def.ghi",
        "error": "no answer from postgresql://app:hunter2@db/users",
        "headers": [{"Cookie": "x", "Accept": "kept"}],
    }
    assert telemetry.redact(None, "info", entry) == {
        "event": "GET with Bearer [redacted]",
        "error": "no answer from postgresql://app:[redacted]@db/users",
        "headers": [{"Cookie": "[redacted]", "Accept": "kept"}],
    }


async def test_an_error_of_the_database_tells_no_value(engines: Engines) -> None:
    account_id = uuid4()
    twice = {"id": account_id, "email": "nobody-s-business@school.test", "name": "Nobody"}

    async def add() -> None:
        async with engines.users.transaction(Scope(account_id=account_id)) as session:
            await session.execute(insert(Account).values(**twice))

    await add()
    with pytest.raises(IntegrityError) as failed:
        await add()
    assert "accounts_pkey" in str(failed.value)
    entry: dict[str, Any] = {"exception": str(failed.value)}
    told = telemetry.redact(None, "error", entry)["exception"]
    for value in twice.values():
        assert str(value) not in told


FAILING_LOGIN = """
import logging, sys, structlog
from studium.runtime.telemetry import configure_logging

def login(password):
    raise ValueError("refused by redis://:hunter2@cache/0")

configure_logging(json=sys.argv[1] == "json")
structlog.contextvars.bind_contextvars(request_id="request-1")
try:
    login("hunter2")
except ValueError:
    structlog.get_logger().exception("login.failed")
    logging.getLogger("library").exception("library.failed")
"""


def log_of_a_failing_login(style: str) -> str:
    command = [sys.executable, "-c", FAILING_LOGIN, style]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_tells_where_and_no_secret(style: str) -> None:
    log = log_of_a_failing_login(style)
    assert log.count("refused by redis://:[redacted]@cache/0") == 2
    assert "login" in log
    assert "hunter2" not in log


def test_every_line_of_a_json_log_is_json_and_names_its_request() -> None:
    lines = [json.loads(line) for line in log_of_a_failing_login("json").splitlines()]
    assert [line["event"] for line in lines] == ["login.failed", "library.failed"]
    assert {line["request_id"] for line in lines} == {"request-1"}


INJECTING = """
import sys, structlog
from studium.runtime.telemetry import configure_logging
configure_logging(json=sys.argv[1] == "json")
told = "x\\r\\n2026-01-01T00:00:00Z [info] auth.logged_in\\x1b[2J\\u2028account=root"
structlog.get_logger().info("http.refused", route=told)
try:
    raise ValueError(told)
except ValueError:
    structlog.get_logger().exception("failed")
"""


@pytest.mark.parametrize("style", ["json", "console"])
def test_what_somebody_sent_begins_no_line_of_a_log(style: str) -> None:
    command = [sys.executable, "-c", INJECTING, style]
    log = subprocess.run(command, check=True, capture_output=True).stderr.decode()
    assert "auth.logged_in" in log
    assert "\x1b[2J" not in log
    begins = [line for line in log.splitlines() if line.startswith(("2026-01", "account="))]
    assert not begins


def test_the_time_of_an_entry_is_utc() -> None:
    for line in log_of_a_failing_login("json").splitlines():
        assert datetime.fromisoformat(json.loads(line)["timestamp"]).utcoffset() == timedelta(0)


def test_metrics_tell_what_happened() -> None:
    telemetry.request_ended("GET", "/v1/test", 200, 0.1)
    telemetry.delivery_ended("test-group", "done", 0.1)
    telemetry.relay_published(1)
    telemetry.websockets_open(+1)
    telemetry.websockets_open(-1)
    text = telemetry.metrics_text()
    for line in (
        'studium_http_request_seconds_count{method="GET",route="/v1/test",status="200"} 1.0',
        'studium_delivery_seconds_count{group="test-group",state="done"} 1.0',
        "studium_relay_published_total ",
        "studium_websockets_open ",
    ):
        assert line in text


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
