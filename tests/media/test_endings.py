"""SIGTERM, unpublish, the end of a task and StopRecordTask each end with complete files; the others go on."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import av.error
import pytest

from recorder_task.pull.source import Source
from recorder_task.sample import Track
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.rtmp_origin import RtmpOrigin, Send
from tests.fakes.s3 import FakeS3
from tests.media.clips import ClipOrder, clip
from tests.media.flv_surgery import tags_of
from tests.media.live_source import SET_CHUNK_SIZE, chunks
from tests.media.packets import Packet, contents, packets_of
from tests.media.studio import Studio, template_order

MADE = ClipOrder(seconds=20, width=64, height=64)
SETTINGS = {"checkpoint_seconds": 0.05, "drain_seconds": 0.3}
FORMATS = ("flv", "hls", "mp4", "aac", "mp3")


def until(milliseconds: int) -> list[Packet]:
    """The packets of the clip that are stamped earlier."""
    return [packet for packet in clip(MADE).packets if packet.dts_ms < milliseconds]


def has_received(s3: FakeS3, name: str, packets: int) -> Callable[[], bool]:
    """Whether the open upload of a format holds that many packets, or more."""

    def look() -> bool:
        for upload in s3.uploads.values():
            if upload.key.endswith(f".{name}"):
                content = b"".join(part for _, part in sorted(upload.parts.items()))
                with suppress(av.error.InvalidDataError):  # nothing but a header yet
                    return len(list(packets_of(content))) >= packets
        return False

    return look


def assert_complete(studio: Studio, expected: list[Packet], formats: tuple[str, ...] = FORMATS) -> None:
    """Every format is committed and holds exactly these packets."""
    assert sorted(file.format for file in studio.files) == sorted(formats)
    for name in formats:
        if name == "mp3":
            continue
        found = list(packets_of(studio.content(studio.file(name))))
        for kind in ("video", "audio") if name != "aac" else ("audio",):
            assert contents(found, kind) == contents(expected, kind), (name, kind)


def test_a_signal_to_stop(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order(*FORMATS))
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(has_received(s3, "flv", len(until(9_900))))
        studio.stop.set()
        assert studio.wait().code == 0
    assert_complete(studio, until(10_000))
    assert studio.session["end_reason"] == "terminated"
    assert s3.uploads == {}


def test_an_unpublish_when_the_origin_says_nothing_more(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order(*FORMATS))
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(has_received(s3, "flv", len(until(9_900))))
        studio.change({"unpublished_at": time.time()})
        assert studio.wait().code == 0
    assert_complete(studio, until(10_000))
    assert studio.session["end_reason"] == "unpublished"


def test_an_origin_that_falls_silent_for_too_long(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {**SETTINGS, "source_stall_seconds": 1.0})
        studio.order(origin.url, template_order(*FORMATS))
        studio.start()
        origin.send(until_ms=10_000)
        assert studio.wait().code == 0
    assert_complete(studio, until(10_000))
    assert studio.session["end_reason"] == "source stalled"


def test_an_origin_that_closes_the_connection(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order(*FORMATS))
        studio.start()
        origin.send(until_ms=10_000)
        origin.end()
        assert studio.wait().code == 0
    assert_complete(studio, until(10_000))
    assert studio.session["end_reason"] == "source ended"


def test_a_connection_that_breaks_off(s3: FakeS3) -> None:
    is_received = threading.Event()

    def play(send: Send) -> None:
        send(SET_CHUNK_SIZE)
        for tag in tags_of(clip(MADE)):
            if tag.milliseconds < 10_000:
                send(chunks(tag))
        is_received.wait(30)
        raise ConnectionResetError

    with RtmpOrigin(play) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order(*FORMATS))
        studio.start()
        s3.wait_for(has_received(s3, "flv", len(until(9_900))))
        is_received.set()
        assert studio.wait().code == 0
    assert_complete(studio, until(10_000))
    assert studio.session["end_reason"] == "source ended"


def test_the_word_to_stop_wakes_a_recorder_that_waits_for_packets(s3: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recorder_task.pull.source.BURST_SECONDS", 600.0)
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order("flv"))
        studio.start()
        origin.send(until_ms=10_000)
        studio.table.wait_for(lambda: "outcomes" in studio.session)
        studio.stop.set()
        assert studio.wait(60).code == 0
    assert studio.session["end_reason"] == "terminated"


def test_what_gathers_as_the_word_to_stop_comes_is_recorded(s3: FakeS3) -> None:
    has_begun, is_sent, is_over = threading.Event(), threading.Event(), threading.Event()

    def play(send: Send) -> None:
        send(SET_CHUNK_SIZE)
        for tag in tags_of(clip(MADE)):
            if tag.milliseconds >= 4_000:
                has_begun.wait(30)
            if tag.milliseconds < 10_000:
                send(chunks(tag))
        is_sent.set()
        is_over.wait(30)

    with RtmpOrigin(play) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order(*FORMATS))
        studio.start()
        s3.wait_for(has_received(s3, "flv", len(until(3_900))))
        has_begun.set()
        assert is_sent.wait(30)
        studio.stop.set()
        assert studio.wait(60).code == 0
        is_over.set()
    assert_complete(studio, until(10_000))
    assert studio.session["end_reason"] == "terminated"


def test_the_first_checkpoint_counts_from_when_the_source_is_opened(
    s3: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What gathers until the tracks are known would be lost for so much longer."""
    later, opened = [0.0], Source.open

    def open_slowly(source: Source, must_not_wait: Callable[[], bool]) -> list[Track]:
        tracks = opened(source, must_not_wait)
        later[0] = 80.0
        return tracks

    monkeypatch.setattr(Source, "open", open_slowly)
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {"checkpoint_seconds": 100}, clock=lambda: time.time() + later[0])
        studio.order(origin.url, template_order("flv"))
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(lambda: len(s3.uploads) == 1)
        studio.stop.set()
        assert studio.wait(60).code == 0


def test_a_task_that_is_stopped_ends_alone(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        task = template_order("flv", recording_id="task-7", task_id="7", ends_at=time.time() + 3600)
        studio.order(origin.url, template_order("flv"), task)
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(lambda: len(s3.uploads) == 2 and has_received(s3, "flv", len(until(9_900)))())
        studio.change({("orders", "task-7", "ends_at"): time.time()})
        s3.wait_for(lambda: len(studio.files) == 1)
        origin.send(until_ms=15_000)
        origin.end()
        assert studio.wait().code == 0
    stopped, whole = studio.files if studio.files[0].task_id else reversed(studio.files)
    assert (stopped.task_id, stopped.stream_param) == ("7", "")
    assert (whole.task_id, whole.stream_param) == ("", "a=1&b=2")
    assert len(list(packets_of(studio.content(stopped)))) <= len(until(10_000))
    assert contents(packets_of(studio.content(whole)), "video") == contents(until(15_000), "video")


def test_a_task_that_begins_in_mid_stream_begins_with_a_key_frame(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order("flv"))
        studio.start()
        origin.send(until_ms=9_000)
        s3.wait_for(has_received(s3, "flv", len(until(8_900))))
        # Of what is sent faster than real time nobody can say when it came, but after the publish.
        starts_at = studio.session["published_at"]
        task = template_order("flv", recording_id="task-7", task_id="7", starts_at=starts_at)
        studio.change({("orders", "task-7"): task.as_item()})
        studio.table.wait_for(lambda: "task-7" in studio.session.get("outcomes", {}))
        origin.send(until_ms=30_000)
        origin.end()
        assert studio.wait().code == 0
    (late,) = [file for file in studio.files if file.task_id]
    found = list(packets_of(studio.content(late)))
    expected = [packet for packet in clip(MADE).packets if packet.dts_ms >= 10_000]
    for kind in ("video", "audio"):
        assert contents(found, kind) == contents(expected, kind)


def test_a_recorder_whose_recordings_have_all_ended_leaves_a_stream_that_lives(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order("flv", recording_id="task-7", task_id="7", ends_at=time.time() + 3600))
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(has_received(s3, "flv", len(until(9_900))))
        studio.change({("orders", "task-7", "ends_at"): time.time()})
        assert studio.wait().code == 0
    assert [file.task_id for file in studio.files] == ["7"]
    assert studio.session["end_reason"] == "nothing left to record"


def test_a_recorder_that_was_replaced_commits_nothing(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, template_order("flv", "mp4"))
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(has_received(s3, "flv", 10))
        studio.change({"epoch": 99})
        studio.wait()
    assert studio.files == []
    assert "recorder_ended_at" not in studio.session


def test_a_pull_that_goes_on_after_the_unpublish_is_read_no_longer_than_its_limit(s3: FakeS3) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(s3, {**SETTINGS, "drain_seconds": 60.0, "drain_limit_seconds": 0.5})
        studio.order(origin.url, template_order("flv"))
        studio.start()
        origin.send(until_ms=10_000)
        s3.wait_for(has_received(s3, "flv", len(until(9_900))))
        studio.change({"unpublished_at": time.time()})
        origin.send(until_ms=12_000)
        assert studio.wait().code == 0
    assert studio.session["end_reason"] == "unpublished"
    assert len(studio.files) == 1
