"""What is told of a bucket that takes nothing: not every try, and not every minute."""

import json
from typing import Any

import pytest

from chalicelib.recording.orders import RecordFormat, SessionOrders
from chalicelib.recording.report import Level, Trouble
from recorder_task.telling.reporter import Reporter
from recorder_task.uploads.bucket_watch import TOLD_EVERY_SECONDS, BucketWatch
from tests.media.studio import session_item, template_order


class Told(Reporter):
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.troubles: list[tuple[Trouble, str]] = []

    def trouble(
        self,
        trouble: Trouble,
        *,
        count: int = 1,
        level: Level | None = None,
        description: str = "",
        name: RecordFormat | None = None,
    ) -> None:
        self.troubles.append((trouble, description))


class Watched:
    """A watch whose time stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.reporter = Told()
        self.watch = BucketWatch(lambda: self.now)
        self.watch.speak_for(
            SessionOrders.from_item(session_item("rtmp://origin/live/room-7", template_order("flv"))), self.reporter
        )


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The log, less its times."""
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [{name: line[name] for name in line if name not in ("time", "stream")} for line in found]


def test_an_outage_is_told_once_and_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    watched = Watched()
    for seconds in (0.1, 4.9, 5.0, 10.0, 60.0):
        watched.now = 1000 + seconds
        watched.watch.failed("AccessDenied", seconds)
        assert watched.watch.is_out is (seconds >= 5)
    watched.watch.answered()
    watched.watch.answered()
    assert not watched.watch.is_out
    assert watched.reporter.troubles == [(Trouble.WRITE_FAILED, "the bucket takes nothing: AccessDenied")]
    assert lines(capsys) == [
        {"event": "bucket_unavailable", "session_id": "session-1", "reason": "AccessDenied", "seconds": 5.0},
        {"event": "bucket_available", "session_id": "session-1", "seconds": 60.0},
    ]


def test_a_bucket_that_takes_one_thing_and_refuses_another_is_told_once_a_minute() -> None:
    watched = Watched()
    for second in range(round(2.5 * TOLD_EVERY_SECONDS)):
        watched.now = 1000.0 + second
        watched.watch.failed("AccessDenied", 5 + second)
        watched.watch.answered()
    assert len(watched.reporter.troubles) == 3
