"""Which tracks a format records, before, during and after a change."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.recording.report import Trouble
from recorder_task.sample import Track
from recorder_task.timing.lineup import Lineup, changes
from tests.unit.recorder.samples import AUDIO, VIDEO, sample

OTHER_VIDEO, OTHER_AUDIO = replace(VIDEO, width=64, height=36), replace(AUDIO, sample_rate=48_000)


def all_of_them(tracks: Sequence[Track]) -> Sequence[Track]:
    return tracks


def sound(tracks: Sequence[Track]) -> Sequence[Track]:
    return [track for track in tracks if track.kind == "audio"]


def begun(lineup: Lineup, *tracks: Track) -> Lineup:
    """A lineup whose file is under way with these tracks of the source."""
    lineup.meet(*tracks)
    lineup.change()
    return lineup


def test_the_picture_stands_before_the_sound_whichever_came_first() -> None:
    assert begun(Lineup(all_of_them), AUDIO, VIDEO).tracks == [VIDEO, AUDIO]


def test_a_file_with_a_picture_begins_with_a_key_frame() -> None:
    lineup = Lineup(all_of_them)
    lineup.meet(VIDEO, AUDIO)
    samples = [sample(AUDIO, 0), sample(VIDEO, 0), sample(VIDEO, 40, is_key_frame=True)]
    assert [lineup.begins_with(each) for each in samples] == [False, False, True]


def test_a_changed_picture_takes_over_with_its_first_key_frame() -> None:
    lineup = begun(Lineup(all_of_them), VIDEO, AUDIO)
    lineup.meet(OTHER_VIDEO)
    assert lineup.is_changing
    assert not lineup.begins_with(sample(VIDEO, 0, is_key_frame=True))
    assert lineup.begins_with(sample(OTHER_VIDEO, 0, is_key_frame=True))
    assert lineup.change() == []
    assert (lineup.tracks, lineup.is_changing) == ([OTHER_VIDEO, AUDIO], False)


def test_a_changed_sound_is_held_until_a_key_frame() -> None:
    lineup = begun(Lineup(all_of_them), VIDEO, AUDIO)
    lineup.meet(OTHER_AUDIO)
    held = [sample(OTHER_AUDIO, at) for at in (0, 23)]
    for each in (*held, sample(VIDEO, 10), sample(AUDIO, 5)):
        assert not lineup.begins_with(each)
        lineup.hold(each)
    assert lineup.begins_with(sample(VIDEO, 40, is_key_frame=True))
    assert lineup.change() == held


def test_sound_is_held_for_30_seconds() -> None:
    lineup = begun(Lineup(all_of_them), VIDEO, AUDIO)
    lineup.meet(OTHER_AUDIO)
    for at in range(0, 40_000, 1000):
        lineup.hold(sample(OTHER_AUDIO, at))
    assert [each.dts for each in lineup.change()] == list(range(9_000, 40_000, 1000))


def test_a_format_of_sound_does_not_notice_a_picture() -> None:
    lineup = begun(Lineup(sound), VIDEO, AUDIO)
    lineup.meet(OTHER_VIDEO)
    assert not lineup.is_changing
    lineup.meet(OTHER_AUDIO)
    assert lineup.begins_with(sample(OTHER_AUDIO, 0))


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (OTHER_VIDEO, [(Trouble.RESOLUTION_CHANGED, "0x0 became 64x36")]),
        (replace(VIDEO, codec="hevc"), [(Trouble.CODEC_CHANGED, "h264 became hevc")]),
        (replace(VIDEO), [(Trouble.CODEC_CHANGED, "the video codec's header changed")]),
        (OTHER_AUDIO, [(Trouble.CODEC_CHANGED, "0 Hz became 48000 Hz")]),
        (VIDEO, []),
    ],
    ids=["resolution", "codec", "header", "sample rate", "nothing"],
)
def test_what_is_told_of_a_change(after: Track, told: list[tuple[Trouble, str]]) -> None:
    assert list(changes([VIDEO, AUDIO], [after])) == told


def test_a_track_that_is_new_is_no_trouble() -> None:
    assert list(changes([VIDEO], [VIDEO, AUDIO])) == []
