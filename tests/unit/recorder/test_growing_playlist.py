"""A playlist that grows for hours: each version is the one before it and a few lines, which alone are made anew."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib import keys
from chalicelib.recording.file_facts import FileFacts
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.playlist import END, Segment
from chalicelib.recording.stream import StreamRef
from chalicelib.recording.waiting import WaitingFile
from chalicelib.table import Delete, Put
from recorder_task.outputs.continuation import Candidate, Continuation
from recorder_task.outputs.growing_playlist import GrowingPlaylist, Piece
from recorder_task.session.journal import Journal
from tests.bench.memory_disk_bucket import MemoryDiskBucket
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


class Versions(MemoryDiskBucket):
    """Keeps each version of the playlist."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.texts: list[bytes] = []

    def replace(self, key: str, body: bytes, *, content_type: str, cache_control: str, facts: str, after: str) -> str:
        self.texts.append(body)
        return f'"{len(self.texts)}"'


def test_each_version_is_the_one_before_and_the_lines_of_one_segment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    encoded: list[str] = []
    encode = Segment.encode

    def note(segment: Segment) -> bytes:
        encoded.append(segment.name)
        return encode(segment)

    monkeypatch.setattr(Segment, "encode", note)
    table, bucket = FakeTable(), Versions(tmp_path)
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


class PutAwayJustBefore(Continuation):
    """Whoever recovers the file puts it away between our look at the table and our claim."""

    def __init__(self, table: FakeTable, journal: Journal) -> None:
        super().__init__(journal, STREAM, "template-1")
        self._table_of_others = table

    def take(self, candidate: Candidate) -> OpenFile | None:
        """As ever, but too late for a file that does not wait yet."""
        if candidate.waiting is None:
            away = WaitingFile(file=candidate.file, paused_at=BEGAN_AT, deadline=BEGAN_AT + 600)
            self._table_of_others.transact(away.put_away(), Delete(key=candidate.file.key))
        return super().take(candidate)


def test_a_file_that_is_put_away_between_the_look_and_the_claim_is_gone_on_with(tmp_path: Path) -> None:
    table = FakeTable()
    table.put(Put(key=keys.session("session-1"), item={"epoch": 2}))
    table.put(Put(key=FILE.key, item=FILE.as_item()))
    continuation = PutAwayJustBefore(table, Journal(table, "session-1", 2, threading.Event()))
    new = replace(FILE, file_id="5000000000000000043", epoch=2, began_at=BEGAN_AT + 10)
    told: list[str] = []
    playlist = GrowingPlaylist(
        Versions(tmp_path),
        continuation,
        new,
        writer="abcdef",
        target_seconds=12,
        on_file=lambda file, _: told.append(file.file_id),
    )
    playlist.add(Piece(content=b"x", seconds=6.0, began_at=BEGAN_AT, is_discontinuous=False, facts=FACTS))
    assert told == [FILE.file_id]
    assert [item["file_id"] for item in table.query(keys.session("session-1").pk, prefix=keys.FILE_PREFIX)] == told
