"""A recorder that dies after any of its requests leaves what recovery makes a file of, under the same id, once."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from chalicelib import keys
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.moments import Moment, moments_of
from tests.media.packets import Packet, contents, packets_of
from tests.media.studio import SESSION_ID, Studio

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=20, width=128, height=96)
FORMATS = ("flv", "mp4", "aac", "mp3")


def distance_ms(packets: Sequence[Packet]) -> int:
    """How far the audio begins behind the video; 0 where there is one of them alone."""
    starts = [next((packet.dts_ms for packet in packets if packet.kind == kind), None) for kind in ("video", "audio")]
    return 0 if None in starts else (starts[1] or 0) - (starts[0] or 0)


def assert_recovered(studio: Studio, name: str, moment: Moment) -> None:
    """Everything that was in the bucket is in the file, which opens; nothing is left open or entered."""
    uploaded = sum(len(part) for upload in moment.uploads.values() for part in upload.parts.values())
    if not uploaded and not moment.objects:
        assert studio.files == []
    else:
        (file,) = studio.files
        found = list(packets_of(studio.content(file)))
        for kind in ("video", "audio") if name in ("flv", "mp4") else ("audio",):
            if name != "mp3":
                expected = contents(clip(MADE).packets, kind)
                assert contents(found, kind) == expected[: len(contents(found, kind))]
        assert abs(distance_ms(found) - distance_ms(clip(MADE).packets)) <= 1 or name in ("aac", "mp3")
        # A container adds to the payload of its packets, but not much.
        assert sum(packet.size for packet in found) >= 0.8 * uploaded - 4096
        assert file.size_bytes == len(studio.content(file))
        assert f"media/{file.file_id}/" in moment.request.key or moment.request.key == f"ready/{file.file_id}.json"
    assert studio.s3.uploads == {}
    assert list(studio.table.query(keys.session(SESSION_ID).pk, prefix=keys.FILE_PREFIX)) == []


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_a_dead_recorder_left_becomes_a_file(name: str, source: Source) -> None:
    moments = moments_of(name, source(clip(MADE)))
    assert len(moments) > 4
    for moment in moments:
        with moment.left_behind() as studio:
            assert studio.run().code == 0
            assert_recovered(studio, name, moment)
