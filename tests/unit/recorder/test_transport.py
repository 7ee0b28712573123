"""How long and how often a request is tried, by a clock of the test's own."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from chalicelib.settings import Settings
from recorder_task.aws import s3
from recorder_task.aws.connect import BUCKET_TIMEOUT_SECONDS
from recorder_task.aws.credentials import CredentialSource
from recorder_task.aws.errors import AwsError, Unreachable
from recorder_task.aws.transport import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Transport
from tests.fakes.bad_line import FarS3
from tests.fakes.s3 import FakeS3, Refusal

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@dataclass
class Clock:
    """Time passes only in pauses."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[FakeS3]:
    """A bucket."""
    with FakeS3() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """A clock that begins at 0."""
    return Clock()


@pytest.fixture
def bucket(server: FakeS3, clock: Clock) -> Iterator[s3.S3Bucket]:
    """The bucket, without a line worth mentioning."""
    with bucket_of(server, clock) as bucket:
        yield bucket


@contextmanager
def bucket_of(server: FakeS3, clock: Clock, timeout_seconds: float = BUCKET_TIMEOUT_SECONDS) -> Iterator[s3.S3Bucket]:
    """The bucket as a recorder with the default settings has it."""
    with closing(transport_to(server.url, clock, timeout_seconds)) as to_s3:
        yield s3.S3Bucket(server.bucket, to_s3)


def transport_to(endpoint: str, clock: Clock, timeout_seconds: float) -> Transport:
    """The way to a bucket at an endpoint."""
    return Transport(
        service="s3",
        endpoint=endpoint,
        region="us-east-1",
        credentials=CredentialSource(KEYS),
        read_error=s3.read_error,
        retry_seconds=Settings().upload_retry_seconds,
        timeout_seconds=timeout_seconds,
        clock=lambda: clock.now,
        sleep=clock.sleep,
    )


def test_a_bucket_that_is_gone_for_a_minute_is_waited_for_with_growing_distance(
    server: FakeS3, clock: Clock, bucket: s3.S3Bucket
) -> None:
    server.fail = lambda request: Refusal(503, "SlowDown") if clock.now < 60 else None
    assert bucket.put("key", b"content", content_type="text/plain")
    assert server.objects["key"].content == b"content"
    assert 60 <= clock.now < 60 + LONGEST_PAUSE_SECONDS
    assert len(clock.pauses) < 30
    for number, pause in enumerate(clock.pauses):
        longest = min(FIRST_PAUSE_SECONDS * 2**number, LONGEST_PAUSE_SECONDS)
        assert longest / 2 <= pause <= longest


def test_a_bucket_that_never_comes_back_is_given_up_when_the_setting_says_so(
    server: FakeS3, clock: Clock, bucket: s3.S3Bucket
) -> None:
    server.fail = lambda request: Refusal(500, "InternalError")
    with pytest.raises(Unreachable, match="InternalError"):
        bucket.put("key", b"content", content_type="text/plain")
    allowed = Settings().upload_retry_seconds
    assert allowed - LONGEST_PAUSE_SECONDS <= clock.now <= allowed
    assert server.objects == {}


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (400, "ExpiredToken")], ids=str)
def test_a_bucket_that_has_taken_media_is_asked_again_where_it_lets_nobody_in(
    status: int, code: str, server: FakeS3, clock: Clock, bucket: s3.S3Bucket
) -> None:
    server.fail = lambda request: Refusal(status, code) if clock.now < 60 else None
    for key in ("ready/5.json", "media/5/f0.flv"):
        with pytest.raises(AwsError, match=code) as refused:
            bucket.put(key, b"content", content_type="text/plain")
        assert not isinstance(refused.value, Unreachable)
    clock.now = 60
    bucket.put("media/5/f0.flv", b"content", content_type="video/x-flv")
    clock.now = 0
    assert bucket.put("ready/5.json", b"content", content_type="application/json")
    assert clock.now >= 60


def test_a_body_that_takes_longer_than_the_time_out_arrives_at_the_first_try() -> None:
    clock = Clock()
    with FarS3() as far, bucket_of(far, clock, timeout_seconds=2.0) as bucket:
        far.line.bytes_per_second = 250_000
        assert bucket.put("key", bytes(1_000_000), content_type="text/plain")
        assert [request.method for request in far.requests] == ["PUT"]
    assert clock.pauses == []


class Stuck:
    """A server whose connections, two at least, answer once and never again; a new one does until it is `stuck` too."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._together = threading.Barrier(2)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self.connections.append(self._listener.accept()[0])
                threading.Thread(target=self._answer, args=(self.connections[-1],), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.recv(65536)
        if len(self.connections) <= 2:
            self._together.wait(5)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n")

    def close(self) -> None:
        """Stop."""
        for each in (self._listener, *self.connections):
            each.close()


def test_where_one_connection_hangs_the_idle_ones_are_not_waited_for_too(clock: Clock) -> None:
    with closing(Stuck()) as stuck, closing(transport_to(stuck.url, clock, 0.2)) as transport:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: transport.request("GET", "/"), range(2)))
        assert len(stuck.connections) == 2
        assert transport.request("GET", "/").status == 200
    assert (len(stuck.connections), len(clock.pauses)) == (3, 1)


def test_a_connection_that_was_closed_between_two_requests_is_replaced_before_the_next(clock: Clock) -> None:
    def answer_each_once() -> None:
        with suppress(OSError):
            while True:
                with listener.accept()[0] as connection:
                    answered.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nconnection:keep-alive\r\ncontent-length:0\r\n\r\n")
                closed.release()

    answered: list[bytes] = []
    closed = threading.Semaphore(0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=answer_each_once)
        server.start()
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with closing(transport_to(endpoint, clock, BUCKET_TIMEOUT_SECONDS)) as transport:
            for _ in range(3):
                assert transport.request("GET", "/", is_repeated=True).status == 200
                assert closed.acquire(timeout=20)
        listener.shutdown(socket.SHUT_RDWR)
        server.join()
    assert (len(answered), clock.pauses) == (3, [])
    assert len(set(answered)) == 1
