"""A bucket and a table over TLS in a process of their own, so that what is measured is the recorder alone.

The table is moto's, behind connections that stay open as DynamoDB's do.
"""

import multiprocessing
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client

from chalicelib.attribute_values import Item
from chalicelib.keys import Key
from chalicelib.table import DynamoTable, Put, Update
from chalicelib.table import Path as AttributePath
from tests.bench.hollow_s3 import HollowS3
from tests.fakes.certificate import Certificate
from tests.moto_table import create_table

KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
TABLE = "bench"


class Cloud:
    """The bench's hold on that process."""

    def __init__(self, pipe: Connection, bucket: str, s3_url: str, table_url: str, certificate: str) -> None:
        self._pipe = pipe
        self.s3_url = s3_url
        self.bucket = bucket
        self.certificate = certificate
        self.environment = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL_DYNAMODB": table_url,
            "AWS_ENDPOINT_URL_S3": s3_url,
            "AWS_CA_BUNDLE": certificate,
            "TABLE_NAME": TABLE,
            "BUCKET_NAME": bucket,
        }
        client = boto3.client("dynamodb", endpoint_url=table_url, verify=certificate, **KEYS)
        create_table(client, TABLE)
        self._table = DynamoTable(TABLE, lambda: client)

    def put(self, key: Key, item: Item) -> None:
        """Write an item of the table."""
        self._table.put(Put(key=key, item=item))

    def set(self, key: Key, change: Mapping[AttributePath, Any]) -> None:
        """Change an item of the table."""
        self._table.update(Update(key=key, set=change))

    def forget(self, *, keeps: bool = False) -> None:
        """An empty bucket, which keeps the media from now on or does not."""
        self._ask("forget", keeps)

    def ready_at(self, files: int, seconds: float) -> float:
        """When so many files were committed, on the monotonic clock; raises TimeoutError."""
        found: float = self._ask("ready_at", files, seconds)
        return found

    def _ask(self, name: str, *arguments: Any) -> Any:
        self._pipe.send((name, arguments))
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def cloud(folder: Path) -> Iterator[Cloud]:
    """Bucket and table, while they are needed."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there, folder))
    process.start()
    there.close()  # should the process die, its end of the pipe is the last one
    try:
        yield Cloud(here, *here.recv())
    finally:
        here.send(None)
        process.join()


def _serve(pipe: Connection, folder: Path) -> None:
    certificate = Certificate(folder)
    table = _TableServer(certificate)
    with HollowS3(certificate) as s3:
        pipe.send((s3.bucket, s3.url, table.url, str(certificate.path)))
        while (wanted := pipe.recv()) is not None:
            name, arguments = wanted
            try:
                pipe.send(getattr(s3, name)(*arguments))
            except TimeoutError as error:
                pipe.send(error)
    table.close()


class _TableServer:
    """moto's DynamoDB."""

    def __init__(self, certificate: Certificate) -> None:
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler(Client(DomainDispatcherApplication(create_backend_app)))
        )
        self._server.daemon_threads = True
        self._server.socket = certificate.server_context().wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"https://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def _handler(moto: Client) -> type[BaseHTTPRequestHandler]:
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # an answer in one piece

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with one_at_a_time:  # moto's tables are not made for threads
                answer = moto.post("/", data=body, headers=list(self.headers.items()))
            content = answer.get_data()
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("x-amzn-RequestId", "0" * 52)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler
