"""What happens, as logs, metrics and traces. Secrets never reach a log."""

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer

# ── logs ──────────────────────────────────────────────────────────────────────────────────────
SECRET_KEYS = ("authorization", "password", "token", "cookie", "secret", "ticket", "api_key")
Entry = MutableMapping[str, Any]


_SECRET_TEXT = re.compile(
    r"(://[^/\s:@]*:)[^/\s@]+(?=@)|(\bbearer\s+)[^\s'\"]+|(\bDETAIL:\s+)[^\r\n]+", re.IGNORECASE
)
"""Inside any text: the password of a URL (RFC 3986 §3.2.1), a bearer token (RFC 6750), and what
PostgreSQL adds to an error, which is values of rows.
"""


def redact(_logger: Any, _method: str, entry: Entry) -> Entry:
    for key, value in entry.items():
        entry[key] = _redacted(key, value)
    return entry


def _redacted(key: str, value: Any) -> Any:
    if any(secret in key.lower() for secret in SECRET_KEYS):
        return "[redacted]"
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_cut, value)
    if isinstance(value, Mapping):
        return {each: _redacted(str(each), inner) for each, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", inner) for inner in value]
    return value


_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def one_line(_logger: Any, _method: str, entry: Entry) -> Entry:
    """What somebody sent cannot begin a line of its own, nor move the cursor of who reads. JSON
    does the same by itself.
    """
    for key, value in entry.items():
        if isinstance(value, str):
            lines = value.splitlines() if key == "exception" else [value]
            entry[key] = "\n    ".join(_CONTROL.sub(_escaped, line) for line in lines)
    return entry


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _cut(found: re.Match[str]) -> str:
    return f"{found[1] or found[2] or found[3]}[redacted]"


def _add_trace(_logger: Any, _method: str, entry: Entry) -> Entry:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        entry["trace_id"] = f"{context.trace_id:032x}"
    return entry


def configure_logging(*, json: bool) -> None:
    """One line per fact on stderr: for people, or as JSON for a collector."""
    # Without local variables, which hold passwords; before `redact`, which reads the message too.
    traceback: Any = (
        ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        if json
        else structlog.processors.format_exc_info
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        traceback,
        redact,
    ]
    last: list[Any] = (
        [structlog.processors.JSONRenderer(default=str)]
        if json
        else [one_line, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    libraries = logging.StreamHandler(sys.stderr)
    drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[drop_meta, *last])
    )
    logging.basicConfig(level=logging.WARNING, handlers=[libraries])


# ── metrics ───────────────────────────────────────────────────────────────────────────────────
_REQUESTS = Histogram(
    "studium_http_request_seconds", "Requests by route", ["method", "route", "status"]
)
_DELIVERIES = Histogram(
    "studium_delivery_seconds",
    "Attempts by group and how they ended",
    ["group", "state"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300),
)
_PUBLISHED = Counter("studium_relay_published_total", "References handed to the broker")
_TRANSACTIONS = Counter("studium_database_transactions_total", "By database", ["database"])
_CACHED = Counter("studium_cached_reads_total", "Hit, or miss: loaded by somebody", ["outcome"])
_SOCKETS = Gauge("studium_websockets_open", "Open WebSockets")


def request_ended(method: str, route: str, status: int, seconds: float) -> None:
    _REQUESTS.labels(method, route, str(status)).observe(seconds)


def delivery_ended(group: str, state: str, seconds: float) -> None:
    _DELIVERIES.labels(group, state).observe(seconds)


def relay_published(references: int) -> None:
    _PUBLISHED.inc(references)


def transaction(database: str) -> None:
    _TRANSACTIONS.labels(database).inc()


def cached_read(*, hit: bool) -> None:
    _CACHED.labels("hit" if hit else "miss").inc()


def websockets_open(change: int) -> None:
    _SOCKETS.inc(change)


def metrics_text() -> str:
    """The Prometheus text format, version 0.0.4."""
    return generate_latest(REGISTRY).decode()


# ── traces ────────────────────────────────────────────────────────────────────────────────────
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("studium")


def configure_tracing(service: str, exporter: SpanExporter | None) -> None:
    """Call once per process; without an exporter trace ids still join logs and events, and nothing
    else of a span is kept.
    """
    provider = TracerProvider(
        sampler=ParentBased(ALWAYS_ON) if exporter else ALWAYS_OFF,
        resource=Resource.create({"service.name": service}),
    )
    if exporter:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def traceparent() -> str | None:
    """The current span as a W3C Trace Context header; None outside of any."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def remote_span(name: str, parent: str | None) -> Iterator[trace.Span]:
    """A span below the `traceparent` that came with a request or a delivery."""
    context = _PROPAGATOR.extract({"traceparent": parent}) if parent else None
    with _TRACER.start_as_current_span(name, context) as span:
        yield span
