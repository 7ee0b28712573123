"""HLS over an interruption: another recorder goes on in the same playlist, in time; nobody else ever writes it."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib import aws, keys
from chalicelib.recording.ending import end_expired
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.report import Report, Status
from chalicelib.recording.waiting import GRACE_SECONDS, WaitingFile
from chalicelib.settings import settings
from chalicelib.table import Update
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, Refusal
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.hls import outline, packets_of_segments
from tests.media.studio import Studio, template_order
from tests.media.watched_table import WatchedTable
from tests.rfc8216 import judge

Source = Callable[[Clip], Path]
CLIP = ClipOrder(seconds=7, width=64, height=64)
SETTINGS = {"hls_segment_seconds": 2.0, "drain_seconds": 0.1}
CONTINUED = template_order("hls", continue_seconds=600)


@pytest.fixture
def tick(s3: FakeS3, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Studio, float], None]]:
    """The minute tick's work on files that wait, with its own client, at a moment of the test's choosing."""
    client = boto3.client(
        "s3",
        endpoint_url=s3.url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    monkeypatch.setattr(aws, "client", lambda service: client)
    monkeypatch.setenv("BUCKET_NAME", s3.bucket)
    settings.cache_clear()
    yield lambda studio, now: end_expired(studio.table, now=now)
    client.close()
    monkeypatch.undo()
    settings.cache_clear()


def recorded(s3: FakeS3, source: Path, *orders: RecordingOrder, after: Studio | None = None, **options: Any) -> Studio:
    """A push from beginning to end; `after` is the push before it."""
    number = int(after.session_id.partition("-")[2]) + 1 if after else 1
    table = after.table if after else WatchedTable()
    studio = Studio(s3, {**SETTINGS, **options}, session_id=f"session-{number}", table=table)
    studio.order(source, *(orders or [CONTINUED]))
    assert studio.run().code == 0
    return studio


def waiting(studio: Studio) -> list[WaitingFile]:
    """The files that wait."""
    listed = studio.table.query(keys.ALL_WAITING, index=keys.LISTING)
    return [WaitingFile.from_item(studio.table.items[keys.Key(item["PK"], item["SK"])]) for item in listed]


def playlists(s3: FakeS3) -> list[str]:
    """Every playlist in the bucket."""
    return [each.content.decode() for key, each in s3.objects.items() if key.endswith(".m3u8")]


def the_playlist(s3: FakeS3) -> list[str]:
    """The outline of the only playlist."""
    (text,) = playlists(s3)
    return outline(text)


PART = ["000000", "000001", "000002", "000003"]


def test_a_push_that_ends_leaves_its_file_to_the_next_one(s3: FakeS3, source: Source) -> None:
    studio = recorded(s3, source(clip(CLIP)))
    assert studio.files == []
    assert the_playlist(s3) == PART
    assert studio.session["outcomes"]["template-1"]["hls"]["state"] == "paused"
    (file,) = waiting(studio)
    assert file.deadline - file.paused_at == 600
    assert file.file.file_id == studio.session["outcomes"]["template-1"]["hls"]["file_id"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (CLIP, CLIP),
        (replace(CLIP, video_codec=None), replace(CLIP, video_codec=None)),
        (replace(CLIP, audio_codec=None), replace(CLIP, audio_codec=None)),
        (CLIP, replace(CLIP, width=128, height=96, starts_at_ms=5_000_000)),
        (CLIP, replace(CLIP, audio_codec=None)),
        (CLIP, replace(CLIP, video_codec="libx265")),
    ],
    ids=["the same", "audio alone", "video alone", "another size and time", "no audio any more", "another codec"],
)
def test_a_stream_that_returns_goes_on_in_the_same_playlist(
    first: ClipOrder, second: ClipOrder, s3: FakeS3, source: Source, tick: Callable[[Studio, float], None]
) -> None:
    one = recorded(s3, source(clip(first)))
    two = recorded(s3, source(clip(second)), after=one)
    joined = the_playlist(s3)
    segments = [line for line in joined if line != "DISCONTINUITY"]
    assert joined == [*PART, "DISCONTINUITY", *segments[4:]]
    assert segments == [f"{number:06d}" for number in range(len(segments))]
    assert len(segments) >= 7
    assert two.files == []
    (file,) = waiting(two)
    tick(two, file.due_at)
    (finished,) = two.files
    assert the_playlist(s3) == [*joined, "ENDLIST"]
    assert judge(s3.versions[finished.key]) == []
    for kind in ("video", "audio"):
        expected = [packet.digest for order in (first, second) for packet in clip(order).of(kind)]
        assert [packet.digest for packet in packets_of_segments(s3, finished, kind)] == expected
    assert waiting(two) == []
    assert (finished.session_id, finished.recording_id, finished.recovered) == ("session-1", "template-1", False)
    content = s3.objects[finished.key].content
    assert finished.playlist_bytes == len(content)
    segment_bytes = sum(len(each.content) for key, each in s3.objects.items() if key.endswith(".ts"))
    assert finished.size_bytes == segment_bytes + len(content)
    assert finished.duration_seconds == pytest.approx(14.1, abs=0.2)
    tick(two, file.deadline + GRACE_SECONDS + 61)
    assert two.files == [finished]


@pytest.mark.parametrize(
    ("orders", "until_return"),
    [
        ((template_order("hls"), template_order("hls")), 0.0),
        ((CONTINUED, CONTINUED), 700.0),
        ((CONTINUED, replace(CONTINUED, recording_id="template-2")), 0.0),
    ],
    ids=["nothing is waited for", "it returns too late", "another template's"],
)
def test_otherwise_a_new_file_begins(
    orders: tuple[RecordingOrder, RecordingOrder], until_return: float, s3: FakeS3, source: Source
) -> None:
    one = recorded(s3, source(clip(CLIP)), orders[0])
    for each in waiting(one):
        one.table.update(Update(key=each.key, set={"deadline": each.deadline - until_return}))
    recorded(s3, source(clip(CLIP)), orders[1], after=one)
    assert sorted(len(outline(text)) for text in playlists(s3)) == [len(PART) + (not orders[0].continue_seconds)] * 2


def test_what_happens_is_told_as_it_happens(s3: FakeS3, source: Source, tick: Callable[[Studio, float], None]) -> None:
    one = recorded(s3, source(clip(CLIP)))
    two = recorded(s3, source(clip(CLIP)), after=one)
    (file,) = waiting(two)
    reports = [Report.from_json(each.content) for each in s3.reports.values()]
    told = sorted(reports, key=lambda report: report.sequence)
    assert [each.told.event for each in told if isinstance(each.told, Status)] == [
        "record_start_succeeded",
        "record_paused",
        "record_resumed",
        "record_paused",
    ]
    assert {(each.file_id, each.session_id) for each in told} == {(file.file.file_id, "session-1")}


@pytest.mark.second_reader
@pytest.mark.parametrize(
    "second",
    [CLIP, replace(CLIP, width=128, height=96), replace(CLIP, video_codec=None)],
    ids=["same", "size", "audio"],
)
def test_a_second_reader_plays_over_the_join_without_an_error(
    second: ClipOrder, s3: FakeS3, source: Source, tmp_path: Path, tick: Callable[[Studio, float], None]
) -> None:
    first = second if second.video_codec is None else CLIP
    one = recorded(s3, source(clip(first)))
    two = recorded(s3, source(clip(second)), after=one)
    tick(two, waiting(two)[0].deadline + GRACE_SECONDS + 1)
    for key, each in s3.objects.items():
        (tmp_path / key.rpartition("/")[2]).write_bytes(each.content)
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "playlist.m3u8"), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # Its guess of the offset at a discontinuity is some milliseconds off, which its own muxer then remarks.
    complaints = [line for line in done.stderr.splitlines() if "non monotonically increasing dts" not in line]
    assert (complaints, done.returncode) == ([], 0)


def test_a_task_s_file_waits_no_longer_than_its_task_lasts(s3: FakeS3, source: Source) -> None:
    ends_at = Studio(s3).clock() + 60
    studio = recorded(s3, source(clip(CLIP)), replace(CONTINUED, task_id="t", recording_id="task-t", ends_at=ends_at))
    assert [file.deadline for file in waiting(studio)] == [ends_at]


def test_a_task_that_ends_ends_its_file(s3: FakeS3) -> None:
    with FlvOrigin(clip(CLIP).content) as origin:
        studio = Studio(s3, SETTINGS)
        studio.order(origin.url, replace(CONTINUED, task_id="t", recording_id="task-t"))
        studio.start()
        origin.send(until_ms=6_000)
        s3.wait_for(lambda: playlists(s3) != [])
        studio.change({("orders", "task-t", "ends_at"): studio.clock()})
        studio.wait()
    assert [file.task_id for file in studio.files] == ["t"]
    assert the_playlist(s3)[-1] == "ENDLIST"
    assert waiting(studio) == []


def test_a_file_that_is_being_ended_is_not_gone_on_with(s3: FakeS3, source: Source) -> None:
    one = recorded(s3, source(clip(CLIP)))
    (file,) = waiting(one)
    one.table.update(file.ending())
    recorded(s3, source(clip(CLIP)), after=one)
    assert [outline(text) for text in playlists(s3)] == [PART, PART]


def test_a_file_that_a_later_version_wrote_is_left_alone(s3: FakeS3, source: Source) -> None:
    one = recorded(s3, source(clip(CLIP)))
    ((key, playlist),) = [(key, each) for key, each in s3.objects.items() if key.endswith(".m3u8")]
    s3.objects[key] = replace(playlist, facts='{"colour": "red"}')
    recorded(s3, source(clip(CLIP)), after=one)
    assert [outline(text) for text in playlists(s3)] == [PART, PART]


def test_the_tick_leaves_a_file_alone_that_may_still_be_gone_on_with(
    s3: FakeS3, source: Source, tick: Callable[[Studio, float], None]
) -> None:
    studio = recorded(s3, source(clip(CLIP)))
    (file,) = waiting(studio)
    for before in (GRACE_SECONDS - 1, 0.5):
        tick(studio, file.due_at - before)
        assert studio.files == []
        assert waiting(studio) == [file]
    tick(studio, file.due_at)
    assert (len(studio.files), waiting(studio)) == (1, [])


@pytest.mark.parametrize("dies_at", ["playlist.m3u8", ".json"], ids=["before the playlist's end", "before its commit"])
def test_an_ending_that_died_is_taken_up_by_the_next_tick(
    dies_at: str, s3: FakeS3, source: Source, tick: Callable[[Studio, float], None]
) -> None:
    studio = recorded(s3, source(clip(CLIP)))
    (file,) = waiting(studio)
    s3.fail = lambda request: Refusal(403, "AccessDenied") if request.key.endswith(dies_at) else None
    tick(studio, file.due_at)
    assert studio.files == []
    s3.fail = lambda request: None
    for later in (61, 121):
        tick(studio, file.deadline + GRACE_SECONDS + later)
    assert len(studio.files) == 1
    assert the_playlist(s3) == [*PART, "ENDLIST"]
    assert waiting(studio) == []
