"""Timestamps as encoders and networks spoil them: no packet is lost, audio and video stay together."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from chalicelib.recording.orders import FormatOrder
from chalicelib.recording.report import Trouble
from tests.fakes.s3 import FakeS3
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import AUDIO, VIDEO, WRAP, FlvTag, flv, retimed, tags_of
from tests.media.packets import Packet, contents, packets_of
from tests.media.studio import Studio, template_order
from tests.media.troubles import troubles_told

Source = Callable[[Clip], Path]
MADE = ClipOrder(width=96, height=64)
FORMATS = ("flv", "mp4", "hls")
HOUR_MS = 3_600_000
LEAP_AT_MS = 5000


def leap(by_ms: int, start_ms: int = 0) -> Callable[[FlvTag], int]:
    """From `LEAP_AT_MS` on all is stamped `by_ms` later."""
    return lambda tag: start_ms + tag.milliseconds + (by_ms if tag.milliseconds >= LEAP_AT_MS else 0)


def repeat(tag: FlvTag) -> int:
    """Each fourth picture is stamped as the one before it."""
    return tag.milliseconds - 40 * (tag.kind == VIDEO and tag.milliseconds % 160 == 120)


JUMPS = {"audio_jump": 1, "video_jump": 1}
SPOILED: Mapping[str, tuple[Callable[[FlvTag], int], Mapping[str, int]]] = {
    "they leap an hour ahead": (leap(HOUR_MS), JUMPS),
    "they leap back to their beginning": (leap(-LEAP_AT_MS, start_ms=HOUR_MS), JUMPS),
    "they leap back by an hour": (leap(-HOUR_MS, start_ms=2 * HOUR_MS), JUMPS),
    "they wrap at 32 bits": (lambda tag: WRAP - LEAP_AT_MS + tag.milliseconds, {"wrap": 2}),
    "they wrap and leap": (leap(HOUR_MS, start_ms=WRAP - LEAP_AT_MS), JUMPS),
    "they start at a huge value": (lambda tag: WRAP - 20_000 + tag.milliseconds, {}),
    "audio starts an hour after video": (
        lambda tag: tag.milliseconds + HOUR_MS * (tag.kind == AUDIO),
        {"audio_jump": 1},
    ),
    "each fourth picture repeats the time before": (repeat, {"video_stands_still": 62}),
}


def recorded(made: Clip, s3: FakeS3, source: Source, *formats: str) -> Studio:
    """The studio that has recorded a clip."""
    studio = Studio(s3)
    studio.order(source(made), template_order(*formats))
    assert studio.run().code == 0
    return studio


def times(packets: list[Packet], kind: str) -> list[int]:
    """The decoding times of one kind, milliseconds."""
    return [packet.dts_ms for packet in packets if packet.kind == kind]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("move", "repairs"), SPOILED.values(), ids=SPOILED)
def test_every_packet_is_where_it_was_before_its_time_was_spoiled(
    move: Callable[[FlvTag], int], repairs: Mapping[str, int], name: str, s3: FakeS3, source: Source
) -> None:
    spoiled = retimed(clip(MADE), move)
    studio = recorded(spoiled, s3, source, name)
    file = studio.file(name)
    found = list(packets_of(studio.content(file)))
    for kind in ("video", "audio"):
        assert [each.digest for each in contents(found, kind)] == [
            each.digest for each in contents(spoiled.packets, kind)
        ]
        expected = [packet.dts_ms for packet in spoiled.of(kind)]
        own = times(found, kind)
        assert [at - own[0] for at in own] == pytest.approx([at - expected[0] for at in expected], abs=60)
    assert file.repairs == repairs
    assert file.duration_seconds == pytest.approx(10, abs=0.2)


@pytest.mark.parametrize("name", FORMATS)
def test_at_a_leap_audio_and_video_keep_the_distance_that_the_source_gave_them(
    name: str, s3: FakeS3, source: Source
) -> None:
    made = clip(MADE)
    found = list(packets_of(recorded_content(retimed(made, leap(HOUR_MS)), name, s3, source)))
    moved = {
        kind: {at - packet.dts_ms for at, packet in zip(times(found, kind), made.of(kind), strict=True)}
        for kind in ("video", "audio")
    }
    before, after = (min(moved["video"]), max(moved["video"]))
    assert 0 <= after - before <= 60
    assert all(min(abs(each - before), abs(each - after)) <= 1 for each in moved["audio"] | moved["video"])


def recorded_content(made: Clip, name: str, s3: FakeS3, source: Source) -> bytes:
    """The bytes of the one file that a clip became."""
    studio = recorded(made, s3, source, name)
    return studio.content(studio.file(name))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", [AUDIO, VIDEO], ids=["sound", "picture"])
def test_a_clock_that_stands_still_for_3_s_plays_as_fast_as_ever(
    kind: int, name: str, s3: FakeS3, source: Source
) -> None:
    def stopped(tag: FlvTag) -> int:
        return LEAP_AT_MS if tag.kind == kind and 0 <= tag.milliseconds - LEAP_AT_MS < 3000 else tag.milliseconds

    made = retimed(clip(MADE), stopped)
    studio = recorded(made, s3, source, name)
    found = list(packets_of(studio.content(studio.file(name))))
    for each in ("audio", "video"):
        own, expected = times(found, each), [packet.dts_ms for packet in made.of(each)]
        assert [at - own[0] for at in own] == pytest.approx([at - expected[0] for at in expected], abs=45)
    assert set(studio.file(name).repairs) == {"audio_stands_still" if kind == AUDIO else "video_stands_still"}


def test_sound_whose_clock_never_moves_plays_as_fast_as_its_codec_says(s3: FakeS3, source: Source) -> None:
    made = clip(ClipOrder(seconds=40, video_codec=None))
    studio = recorded(flv(tag.at(0) for tag in tags_of(made)), s3, source, "mp4")
    file = studio.file("mp4")
    found = list(packets_of(studio.content(file)))
    assert [packet.digest for packet in found] == [packet.digest for packet in made.packets]
    assert file.duration_seconds == pytest.approx(40, abs=0.5)
    assert set(file.repairs) == {"audio_stands_still"}


@pytest.mark.second_reader
@pytest.mark.parametrize("name", FORMATS)
def test_a_second_reader_finds_nothing_wrong_with_what_leapt(
    name: str, s3: FakeS3, source: Source, complaints_of_ffmpeg: Callable[[bytes, str], str]
) -> None:
    content = recorded_content(retimed(clip(MADE), leap(-HOUR_MS, start_ms=HOUR_MS + 3000)), name, s3, source)
    assert complaints_of_ffmpeg(content, ".ts" if name == "hls" else f".{name}") == ""


def test_what_was_repaired_is_reported_and_told_at_the_end(
    s3: FakeS3, source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(retimed(clip(MADE), leap(HOUR_MS)), s3, source, "flv")
    assert troubles_told(s3) == {Trouble.AUDIO_JUMP: 1, Trouble.VIDEO_JUMP: 1}
    assert '"repairs":{"video_jump":1,"audio_jump":1}' in capsys.readouterr().err


@pytest.mark.parametrize("name", ["flv", "mp4"])
@pytest.mark.parametrize("share", [1.15, 0.85], ids=["audio runs ahead", "audio falls behind"])
def test_a_drift_between_audio_and_video_loses_nothing_at_cuts(
    share: float, name: str, s3: FakeS3, source: Source
) -> None:
    made = retimed(
        clip(ClipOrder(seconds=60, width=64, height=64)),
        lambda tag: round(tag.milliseconds * share) if tag.kind == AUDIO else tag.milliseconds,
    )
    studio = Studio(s3)
    studio.order(source(made), template_order(name, format_order=FormatOrder(interval_seconds=10)))
    assert studio.run().code == 0
    files = [list(packets_of(studio.content(file))) for file in studio.files]
    for kind in ("video", "audio"):
        assert [each.digest for file in files for each in contents(file, kind)] == [
            each.digest for each in contents(made.packets, kind)
        ]
    assert sum((file.repairs.get("desync", 0) for file in studio.files), 0) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_b_frames_without_composition_offsets_are_kept_in_the_order_they_came(
    name: str, s3: FakeS3, source: Source
) -> None:
    def shown_when_decoded(tag: FlvTag) -> FlvTag:
        if tag.kind != VIDEO or tag.is_header:
            return tag
        return tag._replace(body=tag.body[:2] + bytes(3) + tag.body[5:])

    made = clip(MADE)
    content = recorded_content(flv(map(shown_when_decoded, tags_of(made))), name, s3, source)
    found = list(packets_of(content))
    assert [each.digest for each in contents(found, "video")] == [
        each.digest for each in contents(made.packets, "video")
    ]
    assert {each.composition_ms for each in contents(found, "video")} == {0}


@pytest.mark.parametrize("name", FORMATS)
def test_b_frames_stamped_with_the_time_they_are_shown_are_kept_and_counted(
    name: str, s3: FakeS3, source: Source
) -> None:
    def stamped_as_shown(tag: FlvTag) -> FlvTag:
        if tag.kind != VIDEO or tag.is_header:
            return tag
        composition_ms = int.from_bytes(tag.body[2:5], "big")
        return tag.at(tag.milliseconds + composition_ms)._replace(body=tag.body[:2] + bytes(3) + tag.body[5:])

    made = clip(MADE)
    studio = recorded(flv(map(stamped_as_shown, tags_of(made))), s3, source, name)
    found = list(packets_of(studio.content(studio.file(name))))
    assert [each.digest for each in contents(found, "video")] == [
        each.digest for each in contents(made.packets, "video")
    ]
    assert set(studio.file(name).repairs) == {"video_time_illegal"}
