"""S3 as moto serves it, with a bucket."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from moto.server import ThreadedMotoServer


@contextmanager
def s3() -> Iterator[str]:
    """The URL of an empty prefix."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    _client(endpoint).create_bucket(Bucket="studium")
    try:
        yield (
            f"s3://studium/books?endpoint={endpoint}"
            "&region=us-east-1&access_key=test&secret_key=test"
        )
    finally:
        server.stop()


def stored(url: str) -> Callable[[str], bytes | None]:
    """Key → what the store itself holds there; None where it holds nothing."""
    parts = urlsplit(url)
    client = _client(parse_qs(parts.query)["endpoint"][0])
    bucket, prefix = parts.netloc, parts.path.strip("/")

    def read(key: str) -> bytes | None:
        try:
            answer = client.get_object(Bucket=bucket, Key=f"{prefix}/{key}")
        except client.exceptions.NoSuchKey:
            return None
        return bytes(answer["Body"].read())

    return read


def _client(endpoint: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
