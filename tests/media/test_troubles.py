"""Each type of event 341 that a recorder can know: a stream that has it, and what is told of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.recording.report import Trouble
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, Refusal
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import AUDIO, VIDEO, flv, joined, retimed, tags_of
from tests.media.studio import Studio, template_order
from tests.media.troubles import troubles_told

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=12, width=64, height=64)
SHORT = ClipOrder(seconds=4, width=64, height=64)


def stamped(kind: int, move: Callable[[int], int], order: ClipOrder = MADE) -> Clip:
    """A clip whose times of one kind are moved."""
    return retimed(clip(order), lambda tag: move(tag.milliseconds) if tag.kind == kind else tag.milliseconds)


def headers_late(kind: int) -> Clip:
    """A clip in which a codec's header comes after 1.5 s."""
    tags = tags_of(clip(SHORT))
    (header,) = [tag for tag in tags if tag.is_header and tag.kind == kind]
    rest = [tag for tag in tags if tag != header]
    at = next(index for index, tag in enumerate(rest) if tag.milliseconds >= 1500)
    return flv([*rest[:at], header, *rest[at:]])


def apart(ahead_ms: int) -> Clip:
    """A clip whose sound runs away from its picture, in small steps."""
    return stamped(AUDIO, lambda at: at + round(at * ahead_ms / 40_000), ClipOrder(seconds=40, width=64, height=64))


HAPPENS: Mapping[Trouble, tuple[int, Callable[[], Clip]]] = {
    Trouble.AUDIO_JUMP: (1, lambda: stamped(AUDIO, lambda at: at + 3_600_000 * (at > 6000))),
    Trouble.VIDEO_JUMP: (1, lambda: stamped(VIDEO, lambda at: at + 3_600_000 * (at > 6000))),
    Trouble.DESYNC: (1, lambda: apart(4000)),
    Trouble.VIDEO_TIME_ILLEGAL: (1, lambda: stamped(VIDEO, lambda at: at - 60 * (at == 5000))),
    Trouble.AUDIO_TIME_ILLEGAL: (1, lambda: stamped(AUDIO, lambda at: at - 60 * (5000 <= at < 5020))),
    Trouble.AUDIO_STANDS_STILL: (2, lambda: stamped(AUDIO, lambda at: 5000 if 5000 <= at < 5050 else at)),
    Trouble.VIDEO_STANDS_STILL: (1, lambda: stamped(VIDEO, lambda at: 5000 if 5000 <= at < 5050 else at)),
    Trouble.RESOLUTION_CHANGED: (1, lambda: joined(clip(SHORT), clip(replace(SHORT, width=96)))),
    Trouble.CODEC_CHANGED: (1, lambda: joined(clip(SHORT), clip(replace(SHORT, video_codec="libx265")))),
    Trouble.VIDEO_FRAME_DROPPED: (38, lambda: headers_late(VIDEO)),
    Trouble.AUDIO_FRAME_DROPPED: (63, lambda: headers_late(AUDIO)),
    Trouble.GOP_ABNORMAL: (1, lambda: clip(replace(MADE, key_frame_seconds=12))),
    Trouble.AUDIO_UNEVEN: (1, lambda: stamped(AUDIO, lambda at: at - at % 46 * 3 // 4)),
    Trouble.VIDEO_UNEVEN: (1, lambda: stamped(VIDEO, lambda at: at - at % 80 // 2)),
}
ELSEWHERE = {Trouble.PULL_FAILED, Trouble.NO_AUDIO, Trouble.NO_VIDEO, Trouble.WRITE_FAILED}
"""Those that are no matter of timestamps and frames: the tests below."""


def test_every_type_has_a_stream_here() -> None:
    assert HAPPENS.keys() | ELSEWHERE == set(Trouble)


@pytest.mark.parametrize("trouble", HAPPENS, ids=lambda trouble: trouble.name.lower())
def test_a_trouble_of_the_stream(trouble: Trouble, s3: FakeS3, source: Source) -> None:
    studio = Studio(s3)
    occurs, made = HAPPENS[trouble]
    studio.order(source(made()), template_order("flv"))
    assert studio.run().code == 0
    assert troubles_told(s3) == {trouble: occurs}


@pytest.mark.parametrize(
    ("order", "name", "trouble"),
    [
        (ClipOrder(seconds=2, audio_codec=None, width=64, height=64), "aac", Trouble.NO_AUDIO),
        (ClipOrder(seconds=2, has_key_frames=False, width=64, height=64), "flv", Trouble.NO_VIDEO),
    ],
    ids=["sound without audio", "a picture without key frames"],
)
def test_what_was_to_be_recorded_and_never_came(
    order: ClipOrder, name: str, trouble: Trouble, s3: FakeS3, source: Source
) -> None:
    studio = Studio(s3)
    studio.order(source(clip(order)), template_order(name))
    studio.run()
    assert troubles_told(s3) == {trouble: 1}


def test_a_pull_that_brings_nothing(s3: FakeS3) -> None:
    with FlvOrigin(clip(SHORT).content) as origin:
        studio = Studio(s3, {"source_open_seconds": 0.3})
        studio.order(origin.url, template_order("mp4"))
        assert studio.run().code == 1
    assert troubles_told(s3) == {Trouble.PULL_FAILED: 1}


def test_a_bucket_that_refuses(s3: FakeS3, source: Source) -> None:
    s3.fail = lambda request: Refusal(403, "AccessDenied")
    studio = Studio(s3, {"upload_retry_seconds": 0.2})
    studio.order(source(clip(SHORT)), template_order("mp4"))
    assert studio.run().code == 1
    assert troubles_told(s3) == {Trouble.WRITE_FAILED: 1}
