"""What recorder and functions tell each other survives the way there and back."""

import json
from dataclasses import replace

import pytest

from chalicelib.attribute_values import decode_item, encode_item
from chalicelib.recording.finished_file import AudioTrack, FinishedFile, VideoTrack
from chalicelib.recording.orders import FormatOrder, RecordFormat, RecordingOrder, SessionOrders
from chalicelib.recording.stream import StreamRef

ORDER = RecordingOrder(
    recording_id="task-7",
    task_id="7",
    template_id=3,
    starts_at=100.5,
    ends_at=200.0,
    audio_only=True,
    continue_seconds=60,
    formats={
        RecordFormat.HLS: FormatOrder(interval_seconds=0),
        RecordFormat.MP4: FormatOrder(file_name="{StreamID}/中"),
    },
)
FILE = FinishedFile(
    file_id="5000000000000000042",
    format=RecordFormat.MP4,
    key="media/5000000000000000042/f0.mp4",
    name="../中",
    size_bytes=10,
    playlist_bytes=0,
    stream=StreamRef(domain="push.example.com", app="live", stream="room-7"),
    stream_param="a=b",
    session_id="s",
    recording_id="template-3",
    template_id=3,
    task_id="",
    started_at=1.5,
    ended_at=2.5,
    duration_seconds=1.0,
    media_start_ms=0,
    video=VideoTrack(codec="h264", width=320, height=240, frames_per_second=30.0, bits_per_second=1),
    audio=None,
    storage_seconds=0,
    sub_app_id=0,
    procedure="",
    storage_mode="normal",
    class_id=0,
)


def test_orders_survive_the_table() -> None:
    item = {
        "session_id": "s",
        "domain": "d",
        "app": "a",
        "stream": "x",
        "stream_param": "",
        "pull_url": "rtmp://h/a/x",
        "published_at": 1.0,
        "orders": {"task-7": {**ORDER.as_item(), "of_a_newer_version": 1}},
    }
    orders = SessionOrders.from_item(decode_item(encode_item(item)))
    assert orders.recordings == {"task-7": ORDER}
    assert (orders.unpublished_at, orders.epoch) == (None, 0)


@pytest.mark.parametrize(
    "file",
    [FILE, replace(FILE, video=None, audio=AudioTrack(codec="aac", sample_rate=44100, channels=2, bits_per_second=1))],
)
def test_a_finished_file_survives_its_ready_object(file: FinishedFile) -> None:
    assert FinishedFile.from_json(file.to_json()) == file


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"version": 2}', json.dumps({**json.loads(FILE.to_json()), "format": "avi"}).encode()],
)
def test_anything_else_is_not_a_ready_object(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a ready object"):
        FinishedFile.from_json(content)
