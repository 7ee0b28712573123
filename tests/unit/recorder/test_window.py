"""Which samples a window covers, in the order of their dts."""

from collections.abc import Sequence

import pytest

from recorder_task.sample import Sample, Track
from recorder_task.timing.window import Window
from tests.unit.recorder.samples import AUDIO, VIDEO, sample


def stream(*, audio_ahead: float, video_until: float = 100, audio_until: float = 100) -> list[Sample]:
    """Pictures and sounds of 20 s, ten a second, by dts; the pictures' dts is the second in which they arrive."""

    def made(track: Track, tenth: int, arrived_at: float) -> Sample:
        each = sample(track, tenth * 100)
        each.arrived_at = arrived_at
        return each

    pictures = [made(VIDEO, tenth, tenth / 10) for tenth in range(200) if tenth / 10 < video_until]
    sounds = [made(AUDIO, tenth, tenth / 10 - audio_ahead) for tenth in range(200) if tenth / 10 < audio_until]
    return sorted([*pictures, *sounds], key=lambda each: each.at)


def covered(window: Window, samples: Sequence[Sample], track: Track) -> tuple[float, float]:
    has_video = any(each.track is VIDEO for each in samples)
    inside = [each for each in samples if window.covers(each, 5.0, 10.0, has_video=has_video)]
    own = [each.at for each in inside if each.track is track]
    return min(own), max(own)


@pytest.mark.parametrize("audio_ahead", [0, 3, -3], ids=["side by side", "sound ahead", "sound behind"])
@pytest.mark.parametrize("track", [VIDEO, AUDIO], ids=["picture", "sound"])
def test_picture_and_sound_begin_and_end_at_one_instant(track: Track, audio_ahead: float) -> None:
    window = Window(begins_with_stream=True)
    assert covered(window, stream(audio_ahead=audio_ahead), track) == pytest.approx((5, 9.9), abs=0.11)


def test_sound_alone_goes_by_its_own_arrival() -> None:
    assert covered(Window(begins_with_stream=False), stream(audio_ahead=0, video_until=0), AUDIO) == (5, 9.9)


def test_sound_does_not_wait_for_a_picture_that_has_stopped() -> None:
    window = Window(begins_with_stream=False)
    assert covered(window, stream(audio_ahead=0, video_until=7), AUDIO) == (5, 14.9)
    assert window.is_over


@pytest.mark.parametrize("begins_with_stream", [True, False])
def test_a_sound_before_the_first_picture_is_inside_where_the_stream_begins_in_the_window(
    begins_with_stream: bool,
) -> None:
    window = Window(begins_with_stream=begins_with_stream)
    sound, picture = sample(AUDIO, 0), sample(VIDEO, 10)
    sound.arrived_at = picture.arrived_at = 6.0
    assert window.covers(sound, 5.0, 0.0, has_video=True) is begins_with_stream
    assert window.covers(picture, 5.0, 0.0, has_video=True)


def test_an_end_that_is_set_while_it_is_open_holds() -> None:
    window = Window(begins_with_stream=True)
    (first, *_, last) = stream(audio_ahead=0)
    assert window.covers(first, 0.0, 0.0, has_video=True)
    assert not window.covers(last, 0.0, 10.0, has_video=True)
    assert window.is_over
