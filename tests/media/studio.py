"""A whole recorder in the test's own process: real source, outputs and requests; bucket and table are doubles."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder
from chalicelib.settings import Settings
from chalicelib.table import Path as AttributePath
from chalicelib.table import Put, Update
from recorder_task.aws.connect import connected
from recorder_task.recorder import Recorder
from recorder_task.session.control import Control
from recorder_task.session.stop import Stop
from tests.fakes.s3 import FakeS3
from tests.media.watched_table import WatchedTable

SESSION_ID = "session-1"
SESSION_KEY = keys.session(SESSION_ID)
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


def template_order(*formats: str, recording_id: str = "template-1", **overrides: Any) -> RecordingOrder:
    """A template's order with every named format on; `format_order` among the overrides is each one's."""
    format_order = overrides.pop("format_order", FormatOrder())
    return RecordingOrder(
        recording_id=recording_id,
        template_id=1,
        formats={RecordFormat(name): format_order for name in formats},
        **overrides,
    )


def session_item(pull_url: str, *orders: RecordingOrder, **overrides: Any) -> Item:
    """The item of a session as the publish hook writes it."""
    return {
        "session_id": SESSION_ID,
        "domain": "push.example.com",
        "app": "live",
        "stream": "room-7",
        "stream_param": "a=1&b=2",
        "pull_url": pull_url,
        "published_at": time.time(),
        "orders": {order.recording_id: order.as_item() for order in orders},
        "orders_version": 1,
        **overrides,
    }


@dataclass
class Studio:
    """One recorder on a source. `run` records to the end; `start` returns at once and `wait` waits for the end."""

    s3: FakeS3
    settings: Mapping[str, Any] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    table: WatchedTable = field(default_factory=WatchedTable)
    stop: Stop = field(default_factory=Stop)
    session_id: str = SESSION_ID
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)
    code: int | None = None

    def order(self, pull_url: str | Path, *orders: RecordingOrder, **overrides: Any) -> None:
        """Write the session's item."""
        item = session_item(str(pull_url), *orders, **{"session_id": self.session_id, **overrides})
        self.table.put(Put(key=keys.session(self.session_id), item=item))

    def change(self, attributes: Mapping[AttributePath, Any]) -> None:
        """Change the session's item as a function would."""
        self.table.update(Update(key=keys.session(self.session_id), set=attributes, add={"orders_version": 1}))

    def run(self) -> "Studio":
        """Record until the recorder ends by itself."""
        settings = Settings(bucket_name=self.s3.bucket, **{"orders_seconds": 0.05, **self.settings})
        with connected(settings, {**self.environment, "AWS_ENDPOINT_URL_S3": self.s3.url}) as (bucket, _):
            control = Control(self.table, self.session_id, settings, self.clock)
            self.code = Recorder(settings, bucket, control, self.stop, self.clock).run()
        return self

    def start(self) -> None:
        """Record beside the test."""
        self._thread = threading.Thread(target=self.run)
        self._thread.start()

    def wait(self, seconds: float = 30.0) -> "Studio":
        """Wait for the recorder's end; raises TimeoutError."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            self.stop.set()
            raise TimeoutError("the recorder did not end")
        return self

    @property
    def session(self) -> Item:
        """The session's item now."""
        item = self.table.get(keys.session(self.session_id))
        assert item is not None
        return item

    @property
    def files(self) -> list[FinishedFile]:
        """Every committed file, the earliest first."""
        ready = [each.content for key, each in self.s3.objects.items() if key.startswith("ready/")]
        return sorted((FinishedFile.from_json(content) for content in ready), key=lambda file: file.started_at)

    def file(self, name: str) -> FinishedFile:
        """The one committed file of a format."""
        (found,) = [file for file in self.files if file.format == name]
        return found

    def content(self, file: FinishedFile) -> bytes:
        """The bytes of a file; an HLS file is its segments in the playlist's order."""
        content = self.s3.objects[file.key].content
        if file.format is not RecordFormat.HLS:
            return content
        folder = file.key.rpartition("/")[0]
        names = [line for line in content.decode().splitlines() if line and not line.startswith("#")]
        return b"".join(self.s3.objects[f"{folder}/{name}"].content for name in names)
