"""How a recorder reaches its bucket and its table: whom it trusts, and for how long it waits."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from chalicelib.keys import Key
from chalicelib.settings import Settings
from recorder_task.aws import connect
from recorder_task.aws.connect import CONTROL_RETRY_SECONDS, TABLE_TIMEOUT_SECONDS, connected
from recorder_task.aws.errors import Unreachable
from recorder_task.aws.transport import FIRST_PAUSE_SECONDS
from tests.fakes.certificate import Certificate
from tests.fakes.s3 import FakeS3

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
SETTINGS = Settings(bucket_name="bucket", upload_retry_seconds=0.0)
BODY = bytes(range(256)) * 40_000


def test_a_server_is_trusted_whose_certificate_is_in_the_bundle(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)
    with FakeS3(tls=certificate.server_context()) as s3:
        environment = {**KEYS, "AWS_ENDPOINT_URL_S3": s3.url, "AWS_CA_BUNDLE": str(certificate.path)}
        with connected(SETTINGS, environment) as (bucket, _):
            bucket.put("key", BODY, content_type="text/plain")
            fetched = bucket.get("key")
            assert fetched is not None
            assert fetched.content == BODY


def test_another_server_is_not(tmp_path: Path) -> None:
    with FakeS3(tls=Certificate(tmp_path).server_context()) as s3:
        environment = {**KEYS, "AWS_ENDPOINT_URL_S3": s3.url}
        with (
            connected(SETTINGS, environment) as (bucket, _),
            pytest.raises(Unreachable, match="SSLCertVerificationError"),
        ):
            bucket.put("key", BODY, content_type="text/plain")
        assert s3.requests == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_is_none_is_named(tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    with (
        pytest.raises(ValueError, match=r"^AWS_CA_BUNDLE: .*bundle\.pem"),
        connected(SETTINGS, {**KEYS, "AWS_CA_BUNDLE": str(bundle)}),
    ):
        pass


@contextmanager
def table_that_hangs_once() -> Iterator[str]:
    """The endpoint of a table that says nothing to its first connection, and has an item for those that follow."""
    item = b'{"Item": {"n": {"N": "7"}}}'
    answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(item), item)

    def run() -> None:
        with suppress(OSError), listener.accept()[0]:
            while True:
                with listener.accept()[0] as connection:
                    connection.recv(64 * 1024)
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=run)
        server.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            server.join()


def test_a_request_to_the_table_that_hangs_is_given_up_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "TABLE_TIMEOUT_SECONDS", 0.3)
    with (
        table_that_hangs_once() as endpoint,
        connected(SETTINGS, {**KEYS, "AWS_ENDPOINT_URL_DYNAMODB": endpoint}) as (_, table),
    ):
        assert table.get(Key("P", "a"), only=("n",)) == {"n": 7}


def test_a_table_that_hangs_twice_is_asked_again_and_given_up_long_before_the_lease_runs_out() -> None:
    third_try_at = 2 * TABLE_TIMEOUT_SECONDS + FIRST_PAUSE_SECONDS * (1 + 2)
    given_up_at = CONTROL_RETRY_SECONDS + TABLE_TIMEOUT_SECONDS
    assert third_try_at < CONTROL_RETRY_SECONDS
    assert given_up_at < Settings().lease_seconds / 2
