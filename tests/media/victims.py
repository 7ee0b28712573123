"""Recorder processes that are killed (SIGKILL), each at its own moment, and what is done about it afterwards."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.settings import Settings
from chalicelib.table import DynamoTable, Put, Update
from recorder_task.aws.connect import connected
from recorder_task.recorder import Recorder
from recorder_task.session.control import Control
from recorder_task.session.stop import Stop
from tests.fakes.s3 import FakeS3, Refusal, RequestSeen
from tests.media.moments import Answer
from tests.media.studio import ENVIRONMENT, session_item, template_order
from tests.moto_table import create_table
from tests.polling import ask_until

ROOT = Path(__file__).parent.parent.parent
CHECKPOINT_SECONDS, SEGMENT_SECONDS, PART_BYTES = 8.0, 3.0, 64 * 1024
FORMATS = ("flv", "mp4", "hls", "aac", "mp3")


@contextmanager
def dynamodb_server() -> Iterator[str]:
    """A DynamoDB that takes one request at a time, for moto's transactions copy what others would change."""
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    """No line a request."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def own_table(endpoint: str, name: str) -> Iterator[DynamoTable]:
    """A table for one recorder alone: moto copies the whole of it for each transaction."""
    client = boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1")
    try:
        create_table(client, name)
        yield DynamoTable(name, lambda: client)
    finally:
        client.close()


@dataclass(frozen=True)
class AtRequest:
    """Killed at the `nth` request of a kind, before it is carried out or after; the recorder never hears of it."""

    key: str
    """Part of the request's key."""
    is_step: Callable[[RequestSeen], bool]
    nth: int
    when: str


class VictimsS3(FakeS3):
    """A victim's bucket, which tells when its request comes."""

    def __init__(self, death: AtRequest | None) -> None:
        super().__init__(min_part_bytes=0)
        self.kill: Callable[[], None] = lambda: None
        self.segments: dict[int, float] = {}
        """When each HLS segment came in, unix s."""
        self._death = death
        self._seen = 0

    def answer(self, request: RequestSeen, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry the request out, and have the victim killed where it is time."""
        if request.method == "PUT" and request.key.endswith(".ts"):
            self.segments[int(request.key.rpartition("/")[2][:6])] = time.time()
        death = self._death
        if death is None or death.key not in request.key or not death.is_step(request):
            return super().answer(request, headers, body)
        self._seen += 1
        if self._seen != death.nth:
            return super().answer(request, headers, body)
        answer = super().answer(request, headers, body) if death.when == "after" else Refusal(403, "Dead")
        self.kill()
        return answer

    def live_on(self) -> None:
        """Kill nobody any more."""
        self._death = None


class Victim:
    """One recorder with a session and a bucket of its own, on a table of all."""

    def __init__(self, number: int, endpoint: str, table: DynamoTable, log: Path, death: AtRequest | None) -> None:
        self.s3 = VictimsS3(death)
        self.s3.kill = self.kill
        self.killed_at = 0.0
        self.has_died = threading.Event()
        self._session_id = f"session-{number}"
        self._table = table
        self._endpoint = endpoint
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, pull_url: str, **settings: str) -> None:
        """Launch it; `settings` are variables of its environment."""
        order = template_order(*FORMATS)
        item = session_item(pull_url, order, session_id=self._session_id)
        self._table.put(Put(key=keys.session(self._session_id), item=item))
        environment = {
            **ENVIRONMENT,
            "AWS_ENDPOINT_URL_DYNAMODB": self._endpoint,
            "AWS_ENDPOINT_URL_S3": self.s3.url,
            "TABLE_NAME": self._table.name,
            "BUCKET_NAME": self.s3.bucket,
            "CHECKPOINT_SECONDS": str(CHECKPOINT_SECONDS),
            "HLS_SEGMENT_SECONDS": str(SEGMENT_SECONDS),
            "ORDERS_SECONDS": "3",
            "PART_BYTES": str(PART_BYTES),
            "SESSION_ID": self._session_id,
            **settings,
        }
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "recorder_task"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)

    def wait_until_it_records(self, seconds: float = 60.0) -> None:
        """Wait until every file that is journalled at once is, or until it was killed on the way there."""

        def is_there() -> bool:
            return self.has_died.is_set() or len(self.entries) >= len(FORMATS) - 1

        ask_until(is_there, seconds=seconds, what="it records")

    def kill(self) -> None:
        """SIGKILL, once."""
        if self._process is not None and not self.killed_at:
            self.killed_at = time.time()
            self._process.kill()
            self._process.wait()
            self.has_died.set()

    def freeze(self) -> None:
        """It stands still until it is woken."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> int:
        """It goes on, to its end; its exit code."""
        self._signal(signal.SIGCONT)
        assert self._process is not None
        return self._process.wait(60)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def recover(self) -> int:
        """The stream is gone, and the next launch finds what was left; its exit code."""
        self.s3.live_on()
        self._table.update(Update(key=keys.session(self._session_id), set={"unpublished_at": 1.0}))
        return self.take_over()

    def take_over(self) -> int:
        """The next launch, in the test's own process; its exit code."""
        gone: dict[Any, Any] = {"recorder_ended_at": time.time()}
        self._table.update(Update(key=keys.session(self._session_id), set=gone, add={"epoch": 1}))
        settings = Settings(
            bucket_name=self.s3.bucket, table_name=self._table.name, part_bytes=PART_BYTES, drain_seconds=0
        )
        endpoints = {"AWS_ENDPOINT_URL_S3": self.s3.url, "AWS_ENDPOINT_URL_DYNAMODB": self._endpoint}
        with connected(settings, {**ENVIRONMENT, **endpoints}) as (bucket, table):
            control = Control(table, self._session_id, settings, time.time)
            return Recorder(settings, bucket, control, Stop(), time.time).run()

    @property
    def entries(self) -> list[str]:
        """What the journal still names."""
        found = self._table.query(keys.session(self._session_id).pk, prefix=keys.FILE_PREFIX)
        return [item["file_id"] for item in found]

    @property
    def session(self) -> Item:
        """Its session's item."""
        item = self._table.get(keys.session(self._session_id))
        assert item is not None
        return item

    @property
    def items(self) -> list[Item]:
        """All that the table holds of its session."""
        return list(self._table.query(keys.session(self._session_id).pk))
