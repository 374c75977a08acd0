"""The only reader of the environment: every engine is one URL, its scheme picks the adapter."""

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

EMBEDDED = "embedded:"
"""Studium starts the engine itself, below `home`."""


class Settings(BaseSettings):
    """`STUDIUM_*`. A database has three URLs, one per role: `app` (row-level security holds),
    `system` (relay and sweeper, sees every tenant) and `owner` (migrations).
    """

    model_config = SettingsConfigDict(env_prefix="STUDIUM_", frozen=True, extra="ignore")

    home: Path = Path("./studium-data")
    """Everything that Studium keeps on one machine."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)

    users_db: str = EMBEDDED
    users_db_owner: str = EMBEDDED
    courses_db: str = EMBEDDED
    courses_db_system: str = EMBEDDED
    courses_db_owner: str = EMBEDDED
    redis: str = EMBEDDED
    """Default of cache, fan-out and broker."""
    cache: str = ""
    fanout: str = ""
    broker: str = ""
    vectors: str = "pgvector:"
    """`pgvector:` keeps them in the courses DB, `qdrant:http://host:6333[?api_key=…]` in Qdrant."""
    warehouse: str = EMBEDDED
    """ClickHouse in the process that serves analytics, of which there may be one then; or a server,
    `clickhouse://user:password@host:8123/database` (`clickhouses://` with TLS)."""
    objects: str = ""
    """`file:///folder` or `s3://bucket/prefix?endpoint=…`; default a folder below `home`."""
    embedder: str = "minilm:"
    """`minilm:`, `static:` or an OpenAI-compatible `http(s)://…/embeddings`."""
    llm: str = "offline:"
    """`offline:`, `openai:MODEL[?base_url=…]`, `anthropic:MODEL`, `google:MODEL`."""
    llm_key: SecretStr | None = None

    signing_key: Path | None = None
    """PEM file of the ES256 key; default `home/secrets/signing-key.pem`, made at first start.
    Services that only check tokens may hold the public half."""
    public_url: str = ""
    """Where browsers reach Studium; its scheme decides whether cookies are `Secure`. Needed where a
    proxy hides the host that was asked."""

    upload_max_bytes: int = Field(default=512 * 1024 * 1024, gt=0)
    quota_bytes: int = Field(default=50 * 1024**3, ge=0)
    """All books of one organisation together; 0: no limit."""
    writes_per_minute: int = Field(default=600, ge=0)
    """Calls of one account that change something; 0: no limit."""
    uploads_per_minute: int = Field(default=120, ge=0)
    """Of one account; 0: no limit."""
    searches_per_minute: int = Field(default=300, ge=0)
    """Of one account; 0: no limit."""
    events_per_minute: int = Field(default=60, ge=0)
    """Batches of learning events of one account; 0: no limit."""
    log_ins_per_minute: int = Field(default=120, ge=0)
    """Log-ins and registrations from one network address, which a whole school may share;
    0: no limit. One account's attempts are limited beside."""
    trusted_proxies: str = "127.0.0.1"
    """Whose `X-Forwarded-For` is believed: addresses or networks with commas between, or `*`."""
    slots: int = Field(default=2, ge=1, le=64)
    """Deliveries that one worker group works on at a time in this process."""
    children: int = Field(default=2, ge=1, le=64)
    """Child processes for CPU-heavy work."""
    lease_seconds: float = Field(default=30, gt=0)
    """How long a worker that says nothing keeps a delivery."""
    attempts: int = Field(default=5, ge=1)
    """After so many a delivery is given up, and whoever waits for it is told."""
    resend_seconds: float = Field(default=30, gt=0)
    """A message that no worker took for this long is sent again, then after twice as long, …"""
    grace_seconds: float = Field(default=20, gt=0)
    """How long SIGTERM waits for requests and work in hand."""

    lame_duck_seconds: float = Field(default=0, ge=0)
    """How long a process that is to end still answers, so that the gateway in front sees that it is
    not ready and sends nothing more. Within `grace_seconds`; 0 where nothing is in front."""

    log_json: bool = False
    otlp_endpoint: str = ""
    """Traces go to this OTLP/HTTP collector, e.g. `http://localhost:4318/v1/traces`."""

    def environment(self) -> dict[str, str]:
        """This process's own, with what tells a process of ours the same settings."""
        plain = self.model_dump()
        if self.llm_key:
            plain["llm_key"] = self.llm_key.get_secret_value()
        told = {
            f"STUDIUM_{name.upper()}": str(value)
            for name, value in plain.items()
            if value is not None and value != ""
        }
        return {**os.environ, **told}
