"""A recorder dies, or is still at its last segment, as the publisher comes back: one playlist, one file."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from chalicelib import keys
from chalicelib.recording.orders import RecordingOrder
from chalicelib.recording.report import Report, Status
from chalicelib.recording.waiting import WaitingFile
from tests.fakes.flv_origin import FlvOrigin
from tests.fakes.s3 import FakeS3, StoredObject
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.frozen import Frozen, names_playlist
from tests.media.hls import outline
from tests.media.moments import RememberingS3
from tests.media.studio import SESSION_ID, Studio, template_order
from tests.media.watched_table import WatchedTable
from tests.rfc8216 import judge

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=9, width=64, height=64)
SETTINGS = {"hls_segment_seconds": 2.0, "drain_seconds": 0.1}
WAITS = template_order("hls", continue_seconds=600)


@contextmanager
def died_after(segments: int, source: Path, order: RecordingOrder = WAITS) -> Iterator[Studio]:
    """The first session, whose recorder was killed when its playlist named so many segments."""
    with RememberingS3() as s3:
        studio = Studio(s3, SETTINGS, table=s3.table)
        studio.order(source, order)
        assert studio.run().code == 0
        moments = s3.moments
    (moment, *_) = (each for each in moments if named(each.objects) == segments)
    with moment.left_behind() as left:
        left.settings = SETTINGS
        (file_id,) = {key.split("/")[1] for key in left.s3.objects}
        left.change({"outcomes": {"template-1": {"hls": {"state": "recording", "files": 0, "file_id": file_id}}}})
        yield left


def named(objects: Mapping[str, StoredObject]) -> int:
    """How many segments the only playlist names."""
    texts = [each.content for key, each in objects.items() if key.endswith(".m3u8")]
    return sum(text.count(b"#EXTINF") for text in texts)


def comes_back(studio: Studio, source: Path, order: RecordingOrder = WAITS) -> Studio:
    """The publisher's next session, to be started."""
    returned = Studio(studio.s3, SETTINGS, session_id="session-2", table=studio.table)
    returned.order(source, order)
    return returned


def outlines(s3: FakeS3) -> list[list[str]]:
    """Every playlist."""
    return [outline(each.content.decode()) for key, each in s3.objects.items() if key.endswith(".m3u8")]


def waiting(table: WatchedTable) -> list[WaitingFile]:
    """The files that wait."""
    listed = table.query(keys.ALL_WAITING, index=keys.LISTING)
    return [WaitingFile.from_item(table.items[keys.Key(item["PK"], item["SK"])]) for item in listed]


def statuses(s3: FakeS3) -> list[str]:
    """What was told of the recording, in its order."""
    reports = sorted((Report.from_json(each.content) for each in s3.reports.values()), key=lambda each: each.sequence)
    return [str(each.told.event) for each in reports if isinstance(each.told, Status)]


def entries(studio: Studio, session_id: str) -> list[object]:
    """What a session's journal holds."""
    return list(studio.table.query(keys.session(session_id).pk, prefix=keys.FILE_PREFIX))


def test_a_stream_that_returns_before_recovery_came_goes_on_in_the_dead_recorder_s_playlist(source: Source) -> None:
    path = source(clip(MADE))
    with died_after(2, path) as died:
        assert comes_back(died, path).run().code == 0
        assert outlines(died.s3) == [["000000", "000001", "DISCONTINUITY", *(f"{n:06d}" for n in range(2, 7))]]
        before = dict(died.s3.objects)
        assert died.run().code == 0
        assert died.s3.objects == before
        assert [file.file.session_id for file in waiting(died.table)] == ["session-2"]
        assert (entries(died, SESSION_ID), entries(died, "session-2")) == ([], [])
        assert statuses(died.s3) == ["record_resumed", "record_paused"]
        assert died.session["outcomes"]["template-1"]["hls"]["state"] == "paused"
        (key,) = (key for key in died.s3.objects if key.endswith(".m3u8"))
        assert judge(died.s3.versions[key]) == []


def test_a_dead_recorder_that_nobody_has_missed_yet_is_waited_for_until_its_lease_is_over(source: Source) -> None:
    path = source(clip(MADE))
    with died_after(2, path) as died:
        died.change({"lease_until": died.clock() + 1.2})
        returned = comes_back(died, path)
        assert returned.run().code == 0
        assert len(outlines(died.s3)) == 1
        assert len(waiting(died.table)) == 1


def test_recovery_that_comes_in_between_loses_nothing(source: Source) -> None:
    path = source(clip(MADE))
    with died_after(2, path) as died:
        died.change({"lease_until": died.clock() + 600})
        returned = comes_back(died, path)
        returned.start()
        returned.table.wait_for(lambda: "recorder_started_at" in returned.session)
        died.change({"lease_until": 0})
        assert died.run().code == 0
        assert returned.wait().code == 0
        assert len(outlines(died.s3)) == 1
        assert len(waiting(died.table)) == 1


def test_a_recorder_that_is_still_at_its_last_segment_puts_its_file_away_for_the_next_one(
    s3: FakeS3, source: Source
) -> None:
    last = Frozen(s3, lambda request: names_playlist(request) and bool(outlines(s3)))
    with FlvOrigin(clip(MADE).content) as origin:
        first = Studio(s3, SETTINGS, table=WatchedTable())
        first.order(origin.url, WAITS)
        first.start()
        origin.send(until_ms=6_000)
        last.wait()
        origin.end()
        first.change({"unpublished_at": first.clock()})
        returned = comes_back(first, source(clip(MADE)))
        returned.start()
        returned.table.wait_for(lambda: "recorder_started_at" in returned.session)
        last.wake()
        first.wait()
        assert returned.wait().code == 0
    (joined,) = outlines(s3)
    assert joined.count("DISCONTINUITY") == 1
    assert statuses(s3) == ["record_start_succeeded", "record_paused", "record_resumed", "record_paused"]


def test_where_nothing_is_waited_for_a_new_file_begins(source: Source) -> None:
    path, ends = source(clip(MADE)), template_order("hls")
    with died_after(2, path, ends) as died:
        died.change({"lease_until": died.clock() + 5})  # and its recorder is not waited for
        assert comes_back(died, path, ends).run().code == 0
        assert "lease_until" in died.session
        died.change({"lease_until": 0})
        assert died.run().code == 0
        assert sorted(len(each) for each in outlines(died.s3)) == [3, 6]
        assert statuses(died.s3) == ["record_start_succeeded", "record_ended", "record_ended"]


def test_a_stream_that_returns_too_late_begins_a_new_file(source: Source) -> None:
    path = source(clip(MADE))
    with died_after(2, path) as died:
        ((key, playlist),) = ((key, each) for key, each in died.s3.objects.items() if key.endswith(".m3u8"))
        year = str(datetime.now(UTC).year).encode()
        long_ago = playlist.content.replace(b"TIME:" + year, b"TIME:2020")
        died.s3.objects[key] = replace(playlist, content=long_ago)
        assert comes_back(died, path).run().code == 0
        assert died.run().code == 0
        assert sorted(len(each) for each in outlines(died.s3)) == [3, 5]
        assert [file.recovered for file in died.files] == [True]
