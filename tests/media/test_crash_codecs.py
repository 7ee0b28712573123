"""A dead recorder's file in every codec: recovery makes of it the file that its recorder would have ended with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.clips import Clip
from tests.media.h266 import with_h266
from tests.media.moments import moments_of
from tests.media.packets import contents, packets_of
from tests.media.test_codecs import AUDIO, VIDEO, made

Source = Callable[[Clip], Path]
CONTAINERS = ("flv", "mp4")


def sent(video: str, audio: str) -> Clip:
    """The matrix's clip in these codecs."""
    return with_h266(made("h264", audio)) if video == "vvc" else made(video, audio)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("audio", AUDIO)
@pytest.mark.parametrize("video", [*VIDEO, "vvc"])
def test_a_recovered_file_is_the_one_its_recorder_would_have_made(
    video: str, audio: str, name: str, source: Source
) -> None:
    clip = sent(video, audio)
    expected = list(packets_of(clip.content))
    moments = moments_of(name, source(clip), part_bytes=8 * 1024)
    ended = moments[-1]
    [whole] = [each.content for key, each in ended.objects.items() if key.startswith("media/")]
    broken_off = [each for each in moments if each.uploads]
    complete = [each for each in moments if not each.uploads and each is not ended and each.objects]
    for moment in (broken_off[len(broken_off) // 2], broken_off[-1], complete[0]):
        with moment.left_behind() as studio:
            assert studio.run().code == 0
            file = studio.file(name)
            content = studio.content(file)
        assert file.recovered
        assert [track.codec for track in (file.video, file.audio) if track] == [video, audio]
        found = list(packets_of(content))
        for kind in ("video", "audio"):
            of_kind = contents(found, kind)
            assert of_kind
            assert of_kind == contents(expected, kind)[: len(of_kind)]
    assert found == list(packets_of(whole))
