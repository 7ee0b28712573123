"""Storage slower than the stream: whole groups of pictures are dropped, every packet is in the files or counted."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from chalicelib.recording.report import Level, Occurrences, Report, Status, StatusEvent, Trouble
from recorder_task import recorder
from recorder_task.aws import transport
from tests.fakes.bad_line import FarS3
from tests.fakes.flv_origin import FlvOrigin
from tests.media.clips import ClipOrder, clip
from tests.media.packets import Content, contents, packets_of
from tests.media.studio import Studio, template_order

pytestmark = pytest.mark.second_reader
MADE = ClipOrder(seconds=40, width=128, height=96)
SUFFIXES: Mapping[str, str] = {"flv": ".flv", "mp4": ".mp4", "hls": ".ts", "aac": ".aac"}
TOO_SLOW = "the bucket is slower than the stream: media is dropped"
SETTINGS = {"part_bytes": 32 * 1024, "upload_buffer_bytes": 300_000}


class Seen:
    """What the log says of dropped media, as it comes."""

    def __init__(self, far_s3: FarS3) -> None:
        self.lines: list[Mapping[str, Any]] = []
        self._far_s3 = far_s3

    def log(self, event: str, **facts: Any) -> None:
        """Stand in for the recorder's."""
        if event == "media_dropped":
            with self._far_s3.changed:
                self.lines.append(json.loads(json.dumps(facts)))
                self._far_s3.changed.notify_all()


class Group:
    """A group of pictures with the audio between them."""

    def __init__(self, began_ms: int) -> None:
        self.began_ms = began_ms
        self.packets: list[tuple[str, Content]] = []

    def of(self, kind: str) -> list[Content]:
        """The packets of one kind."""
        return [content for each, content in self.packets if each == kind]


@pytest.fixture
def far_s3() -> Iterator[FarS3]:
    """A bucket at the other end of a bad line."""
    with FarS3() as server:
        yield server


@pytest.fixture
def seen(far_s3: FarS3, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """The log of dropped media."""
    watched = Seen(far_s3)
    monkeypatch.setattr(recorder, "log", watched.log)
    return watched


def groups(order: ClipOrder) -> list[Group]:
    """The clip's groups, in the order of dts; video first at the same instant."""
    found: list[Group] = []
    for packet in sorted(clip(order).packets, key=lambda packet: (packet.dts_ms, packet.kind != "video")):
        if packet.is_key_frame or not found:
            found.append(Group(packet.dts_ms))
        found[-1].packets.append((packet.kind, Content(packet.digest, packet.pts_ms - packet.dts_ms)))
    return found


def assert_accounted_for(studio: Studio, names: Sequence[str], seen: Seen, read: Callable[..., str]) -> None:
    """Each file holds whole groups, the same in all; the others are counted in the log and in each file."""
    made = groups(MADE)
    ends_ms = [*(group.began_ms for group in made[1:]), max(packet.dts_ms for packet in clip(MADE).packets) + 40]
    dropped: list[Group] = []
    for name in names:
        found = list(packets_of(studio.content(studio.file(name))))
        kind = "audio" if name == "aac" else "video"
        there = set(contents(found, kind))
        kept = [group for group in made if group.of(kind)[0] in there]
        for kind in ("audio",) if name == "aac" else ("video", "audio"):
            assert contents(found, kind) == [each for group in kept for each in group.of(kind)]
        dropped = [group for group in made if group not in kept]
        seconds = sum(end - group.began_ms for group, end in zip(made, ends_ms, strict=True) if group in dropped) / 1000
        assert studio.file(name).dropped_seconds == pytest.approx(seconds, abs=0.1)
        assert read(studio.content(studio.file(name)), SUFFIXES[name]) == ""
    assert dropped
    assert sum(line["packets"] for line in seen.lines) == sum(len(group.packets) for group in dropped)


def more_requests_than(far_s3: FarS3, count: int) -> Callable[[], bool]:
    """Whether the bucket has seen more."""
    return lambda: len(far_s3.requests) > count


def told(far_s3: FarS3) -> set[tuple[str, str]]:
    """Of which formats the customer is told what."""
    found = set()
    for each in far_s3.reports.values():
        report = Report.from_json(each.content)
        match report.told:
            case Occurrences(trouble=Trouble.WRITE_FAILED, level=Level.ERROR, description=description):
                found.add((str(report.format), description))
            case Status(event=StatusEvent.ERROR, reason=reason):
                found.add((str(report.format), f"error: {reason}"))
    return found


@pytest.mark.parametrize("names", [("flv", "mp4", "hls", "aac"), ("flv",), ("hls",)], ids=" ".join)
def test_a_line_of_a_tenth_of_the_bit_rate(
    names: Sequence[str], far_s3: FarS3, seen: Seen, complaints_of_ffmpeg: Callable[..., str]
) -> None:
    far_s3.line.bytes_per_second = 200_000
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(far_s3, SETTINGS)
        studio.order(origin.url, template_order(*names))
        studio.start()
        for until_ms in range(10_000, 46_000, 5_000):
            origin.send(until_ms=until_ms)
            far_s3.wait_for(more_requests_than(far_s3, len(far_s3.requests)))
        origin.end()
        assert studio.wait().code == 0
    assert_accounted_for(studio, names, seen, complaints_of_ffmpeg)
    assert far_s3.uploads == {}
    assert told(far_s3) == {(name, text) for name in names for text in (TOO_SLOW, f"error: {TOO_SLOW}")}


def test_a_bucket_that_is_gone_for_longer_than_the_memory_lasts(
    far_s3: FarS3, seen: Seen, complaints_of_ffmpeg: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LONGEST_PAUSE_SECONDS", 0.2)
    names = ("flv", "mp4", "hls", "aac")
    with FlvOrigin(clip(MADE).content) as origin:
        studio = Studio(far_s3, SETTINGS)
        studio.order(origin.url, template_order(*names))
        studio.start()
        origin.send(until_ms=8_000)
        far_s3.wait_for(lambda: len(far_s3.uploads) > 1)
        far_s3.line.cut()
        origin.send(until_ms=30_000)
        far_s3.wait_for(lambda: len(seen.lines) > 2)
        far_s3.line.mend()
        origin.send(until_ms=50_000)
        origin.end()
        assert studio.wait().code == 0
    assert_accounted_for(studio, names, seen, complaints_of_ffmpeg)
    assert far_s3.uploads == {}  # the answer to the beginning of one may have been lost: it is swept
