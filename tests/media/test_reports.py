"""What a whole recorder reports of its recordings: each start, failure and end, and what went wrong on the way."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from chalicelib.recording.orders import FormatOrder
from chalicelib.recording.report import Level, Occurrences, Report, Status, StatusEvent, Trouble
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, Refusal
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.studio import Studio, template_order

Source = Callable[[Clip], Path]
STARTED, FAILED = StatusEvent.START_SUCCEEDED, StatusEvent.START_FAILED
ERROR, ENDED = StatusEvent.ERROR, StatusEvent.ENDED


def reports(s3: FakeS3) -> Sequence[Report]:
    return sorted((Report.from_json(each.content) for each in s3.reports.values()), key=lambda each: each.sequence)


def statuses(s3: FakeS3, **wanted: str) -> list[StatusEvent]:
    """The statuses of one format, or of one recording."""
    return [
        each.told.event
        for each in reports(s3)
        if isinstance(each.told, Status) and all(getattr(each, name) == value for name, value in wanted.items())
    ]


def troubles(s3: FakeS3) -> list[tuple[str, Trouble, Level, int]]:
    return [
        (each.format, each.told.trouble, each.told.level, each.told.occurs)
        for each in reports(s3)
        if isinstance(each.told, Occurrences)
    ]


def test_each_format_says_that_it_started_and_ended_however_many_files_it_made(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    order = template_order("flv", "hls", "mp4", "aac", "mp3", format_order=FormatOrder(interval_seconds=3))
    studio.order(source(clip(ClipOrder())), order)
    assert studio.run().code == 0
    for name in ("flv", "hls", "mp4", "aac", "mp3"):
        assert statuses(s3, format=name) == [STARTED, ENDED]
    assert len(studio.files) > 5
    assert troubles(s3) == []
    assert {each.content_type for each in s3.reports.values()} == {"application/json"}
    assert all(key.startswith("reports/session-1-1-") for key in s3.reports)


def test_the_end_is_told_of_the_last_file(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder())), template_order("mp4"))
    studio.run()
    started, ended = reports(s3)
    assert (started.file_id, ended.file_id) == (studio.file("mp4").file_id,) * 2


def test_what_cannot_be_recorded_says_so_with_the_reason_for_that_format_alone(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder(audio_codec=None))), template_order("flv", "aac"))
    studio.run()
    failed = next(each.told for each in reports(s3) if each.format == "aac")
    assert failed == Status(event=FAILED, reason="no audio came")
    assert statuses(s3, format="flv") == [STARTED, ENDED]
    assert troubles(s3) == [("aac", Trouble.NO_AUDIO, Level.ERROR, 1)]


@pytest.mark.parametrize("name", ["flv", "mp4"])
def test_a_bucket_that_refuses_is_an_error_and_the_end(name: str, s3: FakeS3, source: Source) -> None:
    s3.fail = lambda request: Refusal(403, "AccessDenied")
    studio = Studio(s3, {"upload_retry_seconds": 0.3})
    studio.order(source(clip(ClipOrder())), template_order(name))
    studio.run()
    assert statuses(s3, format=name) == [STARTED, ERROR, ENDED]
    assert troubles(s3) == [(name, Trouble.WRITE_FAILED, Level.ERROR, 1)]
    error = next(each.told for each in reports(s3) if each.told not in (Status(event=STARTED), Status(event=ENDED)))
    assert isinstance(error, Status)
    assert error.reason.startswith("upload failed: AccessDenied")


def test_a_source_that_is_not_there_fails_every_start(s3: FakeS3) -> None:
    studio = Studio(s3, {"source_open_seconds": 0.2})
    studio.order("rtmp://127.0.0.1:1/live/room-7", template_order("flv", "hls"))
    assert studio.run().code == 1
    assert [statuses(s3, format=name) for name in ("flv", "hls")] == [[FAILED], [FAILED]]
    assert sorted(troubles(s3)) == [(name, Trouble.PULL_FAILED, Level.ERROR, 1) for name in ("flv", "hls")]


def test_a_source_that_falls_silent_is_told_of(s3: FakeS3) -> None:
    with FlvOrigin(clip(ClipOrder()).content) as origin:
        studio = Studio(s3, {"source_stall_seconds": 0.5})
        studio.order(origin.url, template_order("flv"))
        studio.start()
        origin.send(until_ms=5_000)
        studio.wait()
    assert statuses(s3) == [STARTED, ENDED]
    assert troubles(s3) == [("flv", Trouble.PULL_FAILED, Level.ERROR, 1)]


def test_a_task_that_is_stopped_says_so_while_the_template_goes_on(s3: FakeS3) -> None:
    with FlvOrigin(clip(ClipOrder(seconds=20)).content) as origin:
        studio = Studio(s3)
        task = template_order("flv", recording_id="task-7", task_id="7", ends_at=time.time() + 3600)
        studio.order(origin.url, template_order("flv"), task)
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(lambda: len(s3.reports) == 2)
        studio.change({("orders", "task-7", "ends_at"): time.time()})
        s3.wait_for(lambda: len(s3.reports) == 3)
        assert statuses(s3, task_id="7") == [STARTED, ENDED]
        assert statuses(s3, recording_id="template-1") == [STARTED]
        origin.end()
        studio.wait()
    assert statuses(s3, recording_id="template-1") == [STARTED, ENDED]


def left_by_a_dead_recorder(*names: str) -> Mapping[str, Any]:
    """What the session's item says when its recorder has died."""
    outcomes = {name: {"state": "recording", "files": 0, "file_id": "5"} for name in names}
    return {"outcomes": {"template-1": outcomes}, "epoch": 1, "lease_until": 1.0}


def test_who_recovers_says_that_the_recordings_have_ended(s3: FakeS3) -> None:
    studio = Studio(s3)
    studio.order("unused", template_order("flv", "hls"), **left_by_a_dead_recorder("flv", "hls"), unpublished_at=1.0)
    assert studio.run().code == 0
    assert [(each.format, each.file_id, each.told) for each in reports(s3)] == [
        ("flv", "5", Status(event=ENDED)),
        ("hls", "5", Status(event=ENDED)),
    ]
    states = [outcome["state"] for outcome in studio.session["outcomes"]["template-1"].values()]
    assert states == ["ended", "ended"]


def test_a_source_that_is_gone_when_the_next_recorder_comes_ends_what_had_begun(s3: FakeS3) -> None:
    studio = Studio(s3, {"source_open_seconds": 0.2})
    gone = "rtmp://127.0.0.1:1/live/room-7"
    studio.order(gone, template_order("flv", "mp4"), **left_by_a_dead_recorder("flv"))
    assert studio.run().code == 1
    assert statuses(s3, format="flv") == [ERROR, ENDED]
    assert statuses(s3, format="mp4") == [FAILED]


def test_a_recorder_that_takes_a_dead_one_s_place_says_that_the_recording_goes_on(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder())), template_order("flv", "mp4"), **left_by_a_dead_recorder("mp4"))
    studio.run()
    assert statuses(s3, format="mp4") == [StatusEvent.RESUMED, ENDED]
    assert statuses(s3, format="flv") == [STARTED, ENDED]


def test_numbers_rise_from_one_recorder_of_a_session_to_the_next(s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(clip(ClipOrder(seconds=2))), template_order("flv", "mp4", "aac"))
    studio.run()
    first = reports(s3)
    studio.run()
    both = reports(s3)
    assert both[: len(first)] == first
    assert [each.report_id.rsplit("-", 2)[1:] for each in both] == [
        [epoch, str(number)] for epoch in ("1", "2") for number in range(1, 7)
    ]
    assert len({each.sequence for each in both}) == 12
