"""Storage that misbehaves: within the memory nothing is lost, and what is in the bucket stays."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from chalicelib import keys
from chalicelib.table import Update
from recorder_task.aws import connect, transport
from tests.fakes.bad_line import FarS3
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import Refusal, RequestSeen
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.packets import Content, contents, packets_of
from tests.media.studio import SESSION_ID, Studio, template_order

Source = Callable[[Clip], Path]
SECOND_READER = pytest.mark.second_reader
MADE = ClipOrder(seconds=20, width=128, height=96)
FORMATS = ("flv", "mp4", "hls", "aac")
PART_BYTES = 32 * 1024
SUFFIXES: Mapping[str, str] = {"flv": ".flv", "mp4": ".mp4", "hls": ".ts", "aac": ".aac"}


@pytest.fixture
def far_s3() -> Iterator[FarS3]:
    """A bucket at the other end of a bad line."""
    with FarS3() as server:
        yield server


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs and pauses in tenths of seconds."""
    monkeypatch.setattr(connect, "BUCKET_TIMEOUT_SECONDS", 0.4)
    monkeypatch.setattr(transport, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(transport, "LONGEST_PAUSE_SECONDS", 0.1)


def found_in(studio: Studio, name: str, kind: str) -> list[Content]:
    """The packets of one kind in the file of a format."""
    return contents(packets_of(studio.content(studio.file(name))), kind)


def kinds_of(name: str) -> tuple[str, ...]:
    """The kinds of track in a format."""
    return ("audio",) if name == "aac" else ("video", "audio")


def assert_whole(studio: Studio, read: Callable[..., str]) -> None:
    """Every packet of the clip is in every file, and a second reader has nothing to say."""
    for name in FORMATS:
        for kind in kinds_of(name):
            assert found_in(studio, name, kind) == contents(clip(MADE).packets, kind)
        assert studio.file(name).dropped_seconds == 0
        assert read(studio.content(studio.file(name)), SUFFIXES[name]) == ""
    assert {key.partition("/")[0] for key in studio.s3.objects} == {"media", "ready"}


@SECOND_READER
@pytest.mark.usefixtures("hurried")
def test_connections_that_are_reset_lose_nothing(
    far_s3: FarS3, source: Source, complaints_of_ffmpeg: Callable[..., str]
) -> None:
    far_s3.line.bytes_until_reset = lambda number: 500_000 if number % 3 else 20_000
    studio = Studio(far_s3, {"part_bytes": PART_BYTES})
    studio.order(source(clip(MADE)), template_order(*FORMATS))
    assert studio.run().code == 0
    assert_whole(studio, complaints_of_ffmpeg)


@SECOND_READER
@pytest.mark.usefixtures("hurried")
def test_answers_that_never_come_lose_nothing(
    far_s3: FarS3, source: Source, complaints_of_ffmpeg: Callable[..., str]
) -> None:
    far_s3.line.swallows_answers = lambda number: number % 2 == 0
    far_s3.line.bytes_until_reset = lambda number: 500_000
    studio = Studio(far_s3, {"part_bytes": PART_BYTES})
    studio.order(source(clip(MADE)), template_order(*FORMATS))
    assert studio.run().code == 0
    assert_whole(studio, complaints_of_ffmpeg)
    assert sum("uploads" in request.query and request.method == "POST" for request in far_s3.requests) > 3
    assert far_s3.uploads == {}  # those whose beginning was answered into nowhere are swept


@pytest.mark.usefixtures("hurried")
def test_an_error_in_the_body_of_a_200_is_tried_again(far_s3: FarS3, source: Source) -> None:
    refused: list[RequestSeen] = []

    def think_better(request: RequestSeen) -> Refusal | None:
        if request.method == "POST" and "uploadId" in request.query and len(refused) < 2:
            refused.append(request)
            return Refusal(200, "InternalError")
        return None

    far_s3.fail = think_better
    studio = Studio(far_s3, {"part_bytes": PART_BYTES})
    studio.order(source(clip(MADE)), template_order("mp4"))
    assert studio.run().code == 0
    assert len(refused) == 2
    assert found_in(studio, "mp4", "video") == contents(clip(MADE).packets, "video")


@SECOND_READER
@pytest.mark.usefixtures("hurried")
def test_a_bucket_that_is_gone_for_a_while_loses_nothing_within_the_memory(
    far_s3: FarS3, complaints_of_ffmpeg: Callable[..., str]
) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(far_s3, {"part_bytes": PART_BYTES})
        studio.order(origin.url, template_order(*FORMATS))
        studio.start()
        origin.send(until_ms=8_000)
        far_s3.wait_for(lambda: len(far_s3.uploads) > 1)
        far_s3.line.cut(connections=20)
        origin.send(until_ms=30_000)
        origin.end()
        studio.wait()
    assert_whole(studio, complaints_of_ffmpeg)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("name", ["flv", "mp4", "aac"])
def test_what_a_bucket_holds_that_never_came_back_in_time_is_left_to_recovery(name: str, far_s3: FarS3) -> None:
    settings = {"part_bytes": PART_BYTES, "upload_retry_seconds": 0.3, "checkpoint_seconds": 0.1}
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(far_s3, settings)
        studio.order(origin.url, template_order(name))
        studio.start()
        origin.send(until_ms=10_000)
        far_s3.wait_for(lambda: any(upload.parts for upload in far_s3.uploads.values()))
        far_s3.line.cut()
        origin.send(until_ms=30_000)
        origin.end()
        assert studio.wait().code == 1
    assert far_s3.objects == {}
    left = b"".join(part for upload in far_s3.uploads.values() for part in upload.parts.values())
    far_s3.line.mend()
    studio.table.update(Update(key=keys.session(SESSION_ID), set={"unpublished_at": 1.0}))
    assert Studio(far_s3, settings, table=studio.table).run().code == 0
    found = list(packets_of(studio.content(studio.file(name))))
    kind = "audio" if name == "aac" else "video"
    assert contents(found, kind) == contents(clip(MADE).packets, kind)[: len(contents(found, kind))]
    assert sum(packet.size for packet in found) > 0.8 * len(left) - 4096
    assert studio.file(name).recovered
    assert far_s3.uploads == {}
    assert list(studio.table.query(keys.session(SESSION_ID).pk, prefix=keys.FILE_PREFIX)) == []
