"""What a dead recorder knew of its file beside the bytes: what it had repaired, and what it had dropped."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.clips import Clip, ClipOrder, clip
from tests.media.flv_surgery import FlvTag, retimed
from tests.media.moments import Moment, moments_of

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=10, width=64, height=64)
DROPPED_SECONDS = 3.5


def leap(tag: FlvTag) -> int:
    """The clock of the source leaps by an hour in the middle."""
    return tag.milliseconds + (3_600_000 if tag.milliseconds > 5_000 else 0)


def before_the_commit(moments: list[Moment]) -> Moment:
    """The file is complete, and not yet committed."""
    return next(each for each in moments if any(key.startswith("media/") for key in each.objects))


@pytest.mark.parametrize("name", ["flv", "mp4", "aac", "mp3"])
def test_a_recovered_file_tells_what_was_repaired_and_dropped(name: str, source: Source) -> None:
    moment = before_the_commit(moments_of(name, source(retimed(clip(MADE), leap))))
    with moment.left_behind() as studio:
        (entry,) = (item for item in studio.table.items.values() if "media_start_ms" in item)
        entry["dropped_seconds"] = DROPPED_SECONDS
        assert studio.run().code == 0
        file = studio.file(name)
    assert file.recovered
    assert file.dropped_seconds == DROPPED_SECONDS
    assert {repair for repair in file.repairs if "jump" in repair} >= {"audio_jump"}
