"""Tasks that are to come: they begin in mid-stream to a frame, and nothing is told of one that had no chance to."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.report import Report
from chalicelib.table import Update, item_exists
from recorder_task.pull.flv_tags import VIDEO_TAG, Tag
from recorder_task.pull.track_finder import TrackFinder
from recorder_task.sample import Sample
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.rtmp_origin import RtmpOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import FRAMES_PER_SECOND, ClipOrder, clip
from tests.media.live_source import LiveSource
from tests.media.packets import packets_of
from tests.media.studio import SESSION_KEY, Studio, template_order

MADE = ClipOrder(seconds=20, width=64, height=64, key_frame_seconds=1, b_frames=0)
FRAME_SECONDS = 1 / FRAMES_PER_SECOND
SETTLED_MS = 1000
"""By then a source is read in bursts."""


class Reads:
    """When the recorder has read, and up to which picture."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._seen: list[tuple[float, int]] = []
        samples = TrackFinder.samples

        def noted(finder: TrackFinder, tags: Sequence[Tag], now: float, gathered_ms: float) -> Iterator[Sample]:
            self._seen += [(now, tag.milliseconds) for tag in tags if tag.kind == VIDEO_TAG][-1:]
            return samples(finder, tags, now, gathered_ms)

        monkeypatch.setattr(TrackFinder, "samples", noted)

    def late_seconds(self, source: LiveSource) -> float:
        """How long after the latest picture was due it was read, at most: so much later its burst seems to come."""
        return max(at - source.began_at - newest / 1000 for at, newest in self._seen if newest >= SETTLED_MS)


@contextmanager
def live(s3: FakeS3, *orders: RecordingOrder) -> Iterator[tuple[Studio, LiveSource]]:
    """A recorder on a source that has begun."""
    source = LiveSource(clip(MADE))
    with RtmpOrigin(source.play) as origin:
        studio = Studio(s3, {"drain_seconds": 0.3})
        studio.order(origin.url, *orders)
        studio.start()
        assert source.began.wait(20)
        yield studio, source
        source.stop.set()
        assert studio.wait().code == 0


def told(s3: FakeS3) -> list[Report]:
    """What the recorder reported."""
    return [Report.from_json(each.content) for each in s3.reports.values()]


def key_frame_from(seconds: float) -> float:
    """When the first key frame at or after a moment is sent, both in seconds of the source."""
    return (
        min(
            packet.dts_ms
            for packet in clip(MADE).of("video")
            if packet.is_key_frame and packet.dts_ms >= seconds * 1000
        )
        / 1000
    )


@pytest.mark.parametrize("is_beside_a_rule", [True, False])
def test_a_task_begins_at_the_first_key_frame_after_its_start_and_ends_within_a_frame_of_its_end(
    s3: FakeS3, is_beside_a_rule: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, end = 1.5, 3.7
    reads = Reads(monkeypatch)
    rules = [template_order("flv")] if is_beside_a_rule else []
    idle = template_order("mp4", recording_id="task-9", task_id="9", starts_at=time.time() + 3600)
    with live(s3, *rules, idle) as (studio, source):
        task = template_order(
            "flv", recording_id="task-7", task_id="7", starts_at=source.began_at + begin, ends_at=source.began_at + end
        )
        studio.change({("orders", "task-7"): task.as_item()})
        s3.wait_for(lambda: any(file.task_id == "7" for file in studio.files))
    (file,) = [file for file in studio.files if file.task_id]
    pictures = [packet.digest for packet in packets_of(studio.content(file)) if packet.kind == "video"]
    sent = {packet.digest: packet.dts_ms / 1000 for packet in clip(MADE).of("video")}
    first, tolerance = key_frame_from(begin), FRAME_SECONDS + source.late_seconds + reads.late_seconds(source)
    assert sent[pictures[0]] == first
    assert sent[pictures[-1]] == pytest.approx(end, abs=tolerance)
    assert len(pictures) == round((sent[pictures[-1]] - first) * FRAMES_PER_SECOND) + 1
    assert file.started_at == pytest.approx(source.began_at + first, abs=tolerance)
    assert file.ended_at == pytest.approx(source.began_at + end, abs=tolerance)
    assert len(studio.files) == 1 + is_beside_a_rule


def test_a_task_that_follows_another_by_the_second_loses_nothing_between_two_key_frames(s3: FakeS3) -> None:
    with live(s3, template_order("flv")) as (studio, source):
        for number in (1, 2):
            task = template_order(
                "flv",
                recording_id=f"task-{number}",
                task_id=str(number),
                starts_at=source.began_at + 1.5 * number,
                ends_at=source.began_at + 1.5 * number + 1.5,
            )
            studio.change({("orders", f"task-{number}"): task.as_item()})
        s3.wait_for(lambda: len(studio.files) == 2)
    sent = {packet.digest: packet.dts_ms / 1000 for packet in clip(MADE).of("video")}
    of_tasks = [file for file in studio.files if file.task_id]
    firsts = [next(packet.digest for packet in packets_of(studio.content(file))) for file in of_tasks]
    assert [sent[first] for first in firsts] == [key_frame_from(1.5), key_frame_from(3.0)]


@pytest.mark.parametrize("formats", [("flv",), ("hls", "mp4")])
def test_a_task_whose_stream_ends_before_it_starts_is_not_told_of(s3: FakeS3, formats: tuple[str, ...]) -> None:
    later = template_order(
        *formats, recording_id="task-7", task_id="7", starts_at=time.time() + 3600, ends_at=time.time() + 7200
    )
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {"drain_seconds": 0.3})
        studio.order(origin.url, template_order("aac"), later)
        studio.start()
        origin.send(until_ms=3_000)
        origin.end()
        assert studio.wait().code == 0
    assert [file.format for file in studio.files] == ["aac"]
    assert {report.task_id for report in told(s3)} == {""}


@pytest.mark.parametrize("until_ms", [3_000, 6_000], ids=["the stream stands still", "the stream goes on"])
def test_a_task_that_is_stopped_before_it_starts_ends_without_a_word(s3: FakeS3, until_ms: int) -> None:
    later = template_order("flv", recording_id="task-7", task_id="7", starts_at=time.time() + 3600)
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3)
        studio.order(origin.url, later)
        studio.start()
        origin.send(until_ms=3_000)
        origin.wait_for_players(1)
        studio.change({("orders", "task-7", "ends_at"): time.time()})
        origin.send(until_ms=until_ms)
        assert studio.wait().code == 0
    assert (studio.files, told(s3)) == ([], [])
    assert studio.session["end_reason"] == "nothing left to record"


def test_a_source_that_cannot_be_pulled_fails_no_task_that_is_to_come(s3: FakeS3) -> None:
    later = template_order("flv", recording_id="task-7", task_id="7", starts_at=time.time() + 3600)
    studio = Studio(s3, {"source_open_seconds": 0.2})
    studio.order("rtmp://127.0.0.1:9/live/room-7", template_order("aac"), later)
    assert studio.run().code == 1
    assert {report.recording_id for report in told(s3) if report.task_id} == set()


def test_a_recording_that_was_taken_from_the_orders_is_let_go_and_the_others_go_on(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {"drain_seconds": 0.3})
        studio.order(origin.url, template_order("flv"), template_order("aac", recording_id="task-7", task_id="7"))
        studio.start()
        origin.send(until_ms=3_000)
        s3.wait_for(lambda: len(s3.uploads) == 2)
        studio.change({("orders", "task-7", "ends_at"): time.time()})
        s3.wait_for(lambda: len(studio.files) == 1)
        studio.table.update(
            Update(key=SESSION_KEY, remove=[("orders", "task-7")], add={"orders_version": 1}, when=[item_exists])
        )
        studio.table.wait_for(lambda: "task-7" not in studio.session["outcomes"])
        origin.send(until_ms=6_000)
        origin.end()
        assert studio.wait().code == 0
    assert sorted(file.format for file in studio.files) == ["aac", "flv"]
    assert set(studio.session["outcomes"]) == {"template-1"}
