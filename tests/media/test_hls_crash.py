"""HLS after a recorder's death: what its playlist named is a file, or goes on; who was replaced changes nothing."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib import keys
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.waiting import WaitingFile
from chalicelib.table import Update
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, RequestSeen
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.hls import outline, packets_of_segments, segment_names
from tests.media.moments import Moment, RememberingS3
from tests.media.studio import SESSION_ID, SESSION_KEY, Studio, template_order
from tests.rfc8216 import judge

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=9, width=64, height=64)
SETTINGS = {"hls_segment_seconds": 2.0, "drain_seconds": 0.1}
ENDS, WAITS = template_order("hls"), template_order("hls", continue_seconds=600)


def moments_of(order: RecordingOrder, path: Path) -> list[Moment]:
    """A recording of one push, and what lay in bucket and table after each of its requests."""
    with RememberingS3() as s3:
        studio = Studio(s3, SETTINGS, table=s3.table)
        studio.order(path, order)
        assert studio.run().code == 0
        return s3.moments


def named(moment: Moment) -> list[str]:
    """The segments that the playlist of a moment names."""
    texts = [each.content.decode() for key, each in moment.objects.items() if key.endswith(".m3u8")]
    return segment_names(texts[0]) if texts else []


def has_ended(moment: Moment) -> bool:
    """Whether the playlist of a moment says so."""
    return any(b"#EXT-X-ENDLIST" in each.content for each in moment.objects.values())


def is_committed(moment: Moment) -> bool:
    """Whether the ready object lies there."""
    return any(key.startswith("ready/") for key in moment.objects)


def entries(studio: Studio) -> list[object]:
    """What the journal still holds."""
    return list(studio.table.query(keys.session(SESSION_ID).pk, prefix=keys.FILE_PREFIX))


def waiting(studio: Studio) -> list[WaitingFile]:
    """The files that wait."""
    listed = studio.table.query(keys.ALL_WAITING, index=keys.LISTING)
    return [WaitingFile.from_item(studio.table.items[keys.Key(item["PK"], item["SK"])]) for item in listed]


def assert_a_beginning(studio: Studio, moment: Moment) -> None:
    """Its one file holds what the playlist named, which is all but the segment that was under way."""
    (file,) = studio.files
    made = clip(MADE)
    for kind in ("video", "audio"):
        found = [packet.digest for packet in packets_of_segments(studio.s3, file, kind)]
        assert found == [packet.digest for packet in made.of(kind)][: len(found)]
    names = segment_names(studio.s3.objects[file.key].content.decode())
    assert names == named(moment)
    uploaded = [key for key in moment.objects if key.endswith(".ts")]
    assert len(uploaded) - len(names) <= 1
    segment_bytes = sum(len(studio.s3.objects[file.key.replace("playlist.m3u8", name)].content) for name in names)
    assert file.size_bytes == file.playlist_bytes + segment_bytes
    assert judge([studio.s3.objects[file.key].content]) == []


def test_what_a_dead_recorder_s_playlist_named_becomes_a_file(source: Source) -> None:
    moments = moments_of(ENDS, source(clip(MADE)))
    assert len(moments) > 8
    for moment in moments:
        with moment.left_behind() as studio:
            assert studio.run().code == 0
            if named(moment):
                assert_a_beginning(studio, moment)
                assert outline(studio.s3.objects[studio.files[0].key].content.decode())[-1] == "ENDLIST"
            else:
                assert studio.files == []
            assert entries(studio) == []


def test_it_waits_for_its_stream_where_that_is_ordered(source: Source) -> None:
    for moment in moments_of(WAITS, source(clip(MADE))):
        if not named(moment):
            continue
        with moment.left_behind() as studio:
            assert studio.run().code == 0
            assert studio.files == []
            assert [each.deadline - each.paused_at for each in waiting(studio)] == [pytest.approx(600)]
            assert entries(studio) == []
            returned = Studio(studio.s3, SETTINGS, session_id="session-2", table=studio.table)
            returned.order(source(clip(MADE)), WAITS)
            assert returned.run().code == 0
            (text,) = (each.content for key, each in studio.s3.objects.items() if key.endswith(".m3u8"))
            assert text.count(b"#EXT-X-DISCONTINUITY\n") == 1
            assert len(segment_names(text.decode())) == len(named(moment)) + 5


def test_recovery_may_die_at_any_moment_and_run_again(source: Source) -> None:
    middle = moments_of(ENDS, source(clip(MADE)))[5]
    assert named(middle)
    with middle.left_behind() as undisturbed, RememberingS3() as s3:
        s3.objects, s3.table.items = dict(undisturbed.s3.objects), deepcopy(undisturbed.table.items)
        studio = Studio(s3, SETTINGS, table=s3.table)
        assert studio.run().code == 0
        assert len(s3.moments) == 2
        for moment in [*s3.moments, s3.moments[-1]]:
            with moment.left_behind() as again:
                assert again.run().code == 0
                assert_a_beginning(again, middle)
                assert entries(again) == []


@pytest.mark.parametrize("order", [ENDS, WAITS], ids=["ending", "waiting"])
def test_a_recorder_that_takes_over_goes_on_in_the_same_playlist(order: RecordingOrder, source: Source) -> None:
    for moment in moments_of(order, source(clip(MADE))):
        if not named(moment) or has_ended(moment):
            continue
        with moment.left_behind() as studio:
            studio.settings = SETTINGS
            studio.table.update(Update(key=SESSION_KEY, remove=["unpublished_at"]))
            assert studio.run().code == 0
            (key,) = (key for key in studio.s3.objects if key.endswith(".m3u8"))
            before = outline("\n".join(named(moment)))
            assert outline(studio.s3.objects[key].content.decode())[: len(before) + 1] == [*before, "DISCONTINUITY"]
            assert judge(studio.s3.versions[key]) == []
            assert entries(studio) == []
            assert [file.recovered for file in studio.files] == ([] if order is WAITS else [False])


def test_the_last_word_of_a_recorder_that_was_replaced_is_kept(source: Source) -> None:
    moments = moments_of(ENDS, source(clip(MADE)))
    before, after = (next(each for each in moments if len(named(each)) == count) for count in (2, 3))
    with before.left_behind() as studio:
        studio.settings = SETTINGS
        studio.table.update(Update(key=SESSION_KEY, remove=["unpublished_at"]))

        def write_once_more(request: RequestSeen) -> None:
            if request.key.endswith(".ts"):
                studio.s3.objects |= after.objects
                studio.s3.fail = lambda request: None

        studio.s3.fail = write_once_more
        assert studio.run().code == 0
        (file,) = studio.files
        text = studio.s3.objects[file.key].content.decode()
        assert segment_names(text)[:3] == named(after)
        assert outline(text)[3] == "DISCONTINUITY"
        assert judge(studio.s3.versions[file.key]) == []


def test_a_playlist_that_has_ended_is_committed_and_a_new_file_begins(source: Source) -> None:
    (moment,) = (each for each in moments_of(ENDS, source(clip(MADE))) if has_ended(each) and not is_committed(each))
    with moment.left_behind() as studio:
        studio.settings = SETTINGS
        studio.table.update(Update(key=SESSION_KEY, remove=["unpublished_at"]))
        assert studio.run().code == 0
        assert sorted(file.recovered for file in studio.files) == [False, True]
        assert entries(studio) == []


def test_a_recorder_that_was_only_slow_changes_nothing_after_it_was_replaced(s3: FakeS3, source: Source) -> None:
    with FlvOrigin(clip(MADE).content) as origin:
        slow = Studio(s3, {**SETTINGS, "orders_seconds": 3600.0})
        slow.order(origin.url, ENDS)
        slow.start()
        origin.send(until_ms=7_000)
        s3.wait_for(lambda: any(b"000001-" in each.content for each in s3.objects.values()))
        slow.change({"pull_url": str(source(clip(replace(MADE, seconds=5)))), "lease_until": 0})
        taken_over = Studio(s3, SETTINGS, table=slow.table)
        assert taken_over.run().code == 0
        finished = taken_over.files
        objects = dict(s3.objects)
        origin.send(until_ms=60_000)
        origin.end()
        slow.wait()
    assert slow.code == 1
    assert [file.session_id for file in finished] == [SESSION_ID]
    assert slow.files == finished
    assert {key: each for key, each in s3.objects.items() if key in objects} == objects
    assert {key.rpartition(".")[2] for key in s3.objects.keys() - objects.keys()} <= {"ts"}
    assert judge(s3.versions[finished[0].key]) == []
    assert entries(slow) == []
