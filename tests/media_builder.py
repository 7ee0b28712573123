"""Finished files, and media in the index, as builders with overrides."""

from dataclasses import replace
from typing import Any

from chalicelib import aws
from chalicelib.recording.finished_file import AudioTrack, FinishedFile, VideoTrack
from chalicelib.recording.naming import media_key
from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.stream import StreamRef
from chalicelib.vod.media import media_put

CREATED_AT = 1795163844.25  # 2026-11-20T08:37:24.25Z
VIDEO = VideoTrack(codec="h264", width=1280, height=720, frames_per_second=29.97, bits_per_second=2_000_000)
AUDIO = AudioTrack(codec="aac", sample_rate=44_100, channels=2, bits_per_second=128_000)
FILE = FinishedFile(
    file_id=f"5{0:018d}",
    format=RecordFormat.MP4,
    key=media_key(f"5{0:018d}", RecordFormat.MP4),
    name="room-7_2026",
    size_bytes=15_000_000,
    playlist_bytes=0,
    stream=StreamRef(domain="push.example.com", app="live", stream="room-7"),
    stream_param="a=b",
    session_id="s1",
    recording_id="template-1",
    template_id=1,
    task_id="",
    started_at=CREATED_AT - 70.0,
    ended_at=CREATED_AT - 10.0,
    duration_seconds=59.96,
    media_start_ms=0,
    video=VIDEO,
    audio=AUDIO,
    storage_seconds=0,
    sub_app_id=0,
    procedure="",
    storage_mode="normal",
    class_id=0,
)


def index(number: int, *, at: float | None = None, **changes: Any) -> str:
    """A media in the index, created `number` seconds after the first; returns its id."""
    file_id = f"5{number:018d}"
    format_ = changes.get("format", RecordFormat.MP4)
    file = replace(FILE, file_id=file_id, key=media_key(file_id, format_), **changes)
    created = CREATED_AT + number if at is None else at
    aws.table().put(media_put(file, media_base="https://cdn.example.com/media", indexed_at=created))
    return file_id


def of(stream: str, *, domain: str = "push.example.com", app: str = "live") -> dict[str, Any]:
    return {"stream": StreamRef(domain=domain, app=app, stream=stream)}
