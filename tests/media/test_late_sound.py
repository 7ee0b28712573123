"""Recordings of sound alone on a stream whose sound comes late, or never."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from chalicelib.recording.report import Report, Status, StatusEvent, Trouble
from recorder_task.recordings.format_recording import SILENCE_SECONDS
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import AUDIO, flv, tags_of
from tests.media.packets import Packet, contents, packets_of
from tests.media.studio import Studio, template_order
from tests.media.troubles import troubles_told

Source = Callable[[Clip], Path]
STARTED, FAILED, ENDED = StatusEvent.START_SUCCEEDED, StatusEvent.START_FAILED, StatusEvent.ENDED
MADE = ClipOrder(seconds=12, width=64, height=64)
LATE_MS = 6000


def late_sound() -> Clip:
    """A clip whose sound, header and all, comes long after its tracks have settled."""
    tags = [tag for tag in tags_of(clip(MADE)) if tag.kind != AUDIO or tag.milliseconds >= LATE_MS]
    (header,) = [tag.at(LATE_MS) for tag in tags_of(clip(MADE)) if tag.kind == AUDIO and tag.is_header]
    at = next(index for index, tag in enumerate(tags) if tag.kind == AUDIO)
    return flv([*tags[:at], header, *tags[at:]])


def digests(packets: Iterable[Packet]) -> list[str]:
    return [each.digest for each in contents(packets, "audio")]


def sound_that_came() -> list[str]:
    return digests(packet for packet in clip(MADE).packets if packet.dts_ms >= LATE_MS)


def statuses(s3: FakeS3, name: str) -> list[Status]:
    reports = sorted((Report.from_json(each.content) for each in s3.reports.values()), key=lambda each: each.sequence)
    return [each.told for each in reports if isinstance(each.told, Status) and each.format == name]


@pytest.mark.parametrize(
    ("name", "audio_only"), [("aac", False), ("mp3", False), ("flv", True), ("hls", True), ("mp4", True)]
)
def test_it_begins_when_sound_comes(name: str, audio_only: bool, s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    studio.order(source(late_sound()), template_order(name, audio_only=audio_only))
    assert studio.run().code == 0
    file = studio.file(name)
    assert file.video is None
    assert file.duration_seconds == pytest.approx(6, abs=0.1)
    if name != "mp3":  # encoded anew
        assert digests(packets_of(studio.content(file))) == sound_that_came()
    assert statuses(s3, name) == [Status(event=STARTED), Status(event=ENDED)]
    assert troubles_told(s3) == {}


def test_sound_that_does_not_come_is_told_of_and_recorded_when_it_does(s3: FakeS3) -> None:
    ahead = [0.0]
    with FlvOrigin(late_sound().content) as origin:
        studio = Studio(s3, clock=lambda: time.time() + ahead[0])
        studio.order(origin.url, template_order("aac", "flv"))
        studio.start()
        origin.send(until_ms=LATE_MS)
        studio.table.wait_for(lambda: "outcomes" in studio.session)
        ahead[0] = SILENCE_SECONDS
        s3.wait_for(lambda: len(statuses(s3, "aac")) == 1)
        assert studio.session["outcomes"]["template-1"]["aac"]["state"] == "waiting"
        origin.send(until_ms=20_000)
        s3.wait_for(lambda: len(statuses(s3, "aac")) == 2)
        origin.end()
        assert studio.wait().code == 0
    assert statuses(s3, "aac") == [
        Status(event=FAILED, reason="no audio came"),
        Status(event=STARTED),
        Status(event=ENDED),
    ]
    assert troubles_told(s3) == {Trouble.NO_AUDIO: 1}
    assert studio.session["outcomes"]["template-1"]["aac"].keys() == {"state", "files", "file_id"}
    assert digests(packets_of(studio.content(studio.file("aac")))) == sound_that_came()


def test_sound_that_never_comes_is_told_of_once(s3: FakeS3) -> None:
    ahead = [0.0]
    made = clip(ClipOrder(seconds=12, width=64, height=64, audio_codec=None))
    with FlvOrigin(made.content) as origin:
        studio = Studio(s3, clock=lambda: time.time() + ahead[0])
        studio.order(origin.url, template_order("aac"))
        studio.start()
        origin.send(until_ms=20_000)
        studio.table.wait_for(lambda: "outcomes" in studio.session)
        ahead[0] = SILENCE_SECONDS
        s3.wait_for(lambda: len(s3.reports) == 2)
        origin.end()
        assert studio.wait().code == 0
    assert statuses(s3, "aac") == [Status(event=FAILED, reason="no audio came")]
    assert troubles_told(s3) == {Trouble.NO_AUDIO: 1}
    assert studio.session["outcomes"]["template-1"]["aac"] == {"state": "empty", "files": 0, "reason": "no audio came"}
