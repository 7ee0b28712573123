"""A playlist that grows for hours: each version is the one before it and a few lines, which alone are made anew."""

import threading

import pytest

from chalicelib import keys
from chalicelib.recording.file_facts import FileFacts
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.playlist import END, Segment
from chalicelib.recording.stream import StreamRef
from chalicelib.table import Put
from recorder_task.outputs.continuation import Continuation
from recorder_task.outputs.growing_playlist import GrowingPlaylist, Piece
from recorder_task.session.journal import Journal
from tests.bench.memory_bucket import MemoryBucket
from tests.fakes.table import FakeTable

SEGMENTS = 1200
"""Two hours."""
BEGAN_AT = 1_800_000_000.0
STREAM = StreamRef(domain="push.example.com", app="live", stream="room-7")
FILE = OpenFile(
    file_id="5000000000000000042",
    format=RecordFormat.HLS,
    epoch=1,
    session_id="session-1",
    stream=STREAM,
    stream_param="",
    recording_id="template-1",
    template_id=1,
    task_id="",
    order=FormatOrder(),
    began_at=BEGAN_AT,
    media_start_ms=0,
)
FACTS = FileFacts(
    session_id="session-1",
    started_at=BEGAN_AT,
    ended_at=BEGAN_AT,
    media_start_ms=0,
    media_bytes=1,
    video=None,
    audio=None,
)


class Versions(MemoryBucket):
    """Keeps each version of the playlist."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[bytes] = []

    def replace(self, key: str, body: bytes, *, content_type: str, cache_control: str, facts: str, after: str) -> str:
        self.texts.append(body)
        return f'"{len(self.texts)}"'


def test_each_version_is_the_one_before_and_the_lines_of_one_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    encode = Segment.encode

    def note(segment: Segment) -> bytes:
        encoded.append(segment.name)
        return encode(segment)

    monkeypatch.setattr(Segment, "encode", note)
    table, bucket = FakeTable(), Versions()
    table.put(Put(key=keys.session("session-1"), item={"epoch": 1}))
    continuation = Continuation(Journal(table, "session-1", 1, threading.Event()), STREAM, "template-1")
    playlist = GrowingPlaylist(bucket, continuation, FILE, writer="abcdef", target_seconds=12, on_file=lambda *_: None)
    for number in range(SEGMENTS):
        began_at = BEGAN_AT + 6 * number
        piece = Piece(content=b"x", seconds=6.0, began_at=began_at, is_discontinuous=False, facts=FACTS)
        playlist.add(piece, is_last=number == SEGMENTS - 1)
    assert encoded == [f"{number:06d}-abcdef.ts" for number in range(SEGMENTS)]
    for before, after in zip(bucket.texts, bucket.texts[1:], strict=False):
        assert after.startswith(before)
        assert after.count(b"\n") - before.count(b"\n") == 3 + after.endswith(END)
    finished = playlist.finished(utc_offset_hours=8)
    assert (finished.duration_seconds, finished.playlist_bytes) == (6.0 * SEGMENTS, len(bucket.texts[-1]))
