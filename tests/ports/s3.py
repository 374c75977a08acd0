"""S3 as moto serves it, with a bucket."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

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
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="studium")
    try:
        yield (
            f"s3://studium/books?endpoint={endpoint}"
            "&region=us-east-1&access_key=test&secret_key=test"
        )
    finally:
        server.stop()
