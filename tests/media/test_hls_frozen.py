"""A recorder that freezes with a playlist under way, is replaced and wakes: S3 refuses it, whoever has gone on since.

The bucket holds the request back, so that each test has its sender freeze exactly there, on any machine.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.recording.orders import RecordingOrder
from tests.fakes.s3 import FakeS3, StoredObject
from tests.media.clips import Clip, ClipOrder, clip
from tests.media.frozen import Frozen, names_playlist
from tests.media.hls import outline, segment_names
from tests.media.studio import SESSION_ID, Studio, template_order
from tests.rfc8216 import judge

Source = Callable[[Clip], Path]
MADE = ClipOrder(seconds=9, width=64, height=64)
SHORT = replace(MADE, seconds=1)
SETTINGS = {"hls_segment_seconds": 2.0, "drain_seconds": 0.1}
DEAF = {**SETTINGS, "orders_seconds": 3600.0}
"""It does not hear from the table that it was replaced."""
ENDS, WAITS = template_order("hls"), template_order("hls", continue_seconds=600)


def frozen(s3: FakeS3, source: Path, order: RecordingOrder = ENDS) -> tuple[Studio, Frozen]:
    """A recorder that has frozen with its first playlist under way, and lost its lease."""
    request = Frozen(s3, names_playlist)
    studio = Studio(s3, DEAF)
    studio.order(str(source), order)
    studio.start()
    request.wait()
    studio.change({"lease_until": 0})
    return studio, request


def successor(studio: Studio) -> Studio:
    """The recorder that takes the session over."""
    return Studio(studio.s3, SETTINGS, table=studio.table)


def playlists(s3: FakeS3) -> list[bytes]:
    """Every playlist in the bucket."""
    return [each.content for key, each in s3.objects.items() if key.endswith(".m3u8")]


def entries(studio: Studio) -> list[Item]:
    """What the journal still holds."""
    return list(studio.table.query(keys.session(SESSION_ID).pk, prefix=keys.FILE_PREFIX))


def woken(studio: Studio, request: Frozen) -> tuple[dict[str, StoredObject], dict[str, StoredObject]]:
    """Let the recorder that was replaced go on to its end: what lay in the bucket before, what it has changed."""
    before, items = dict(studio.s3.objects), dict(studio.table.items)
    request.wake()
    studio.wait()
    assert studio.table.items == items
    return before, {key: each for key, each in studio.s3.objects.items() if before.get(key) != each}


def assert_nothing_but_a_late_segment(changed: dict[str, StoredObject]) -> None:
    """A segment bears a name that no playlist knows."""
    assert {key.rpartition(".")[2] for key in changed} <= {"ts"}


@pytest.mark.parametrize("order", [ENDS, WAITS], ids=["its file ends", "its file waits"])
def test_its_successor_goes_on_with_the_same_file_so_that_its_first_playlist_is_refused(
    order: RecordingOrder, s3: FakeS3, source: Source
) -> None:
    slow, request = frozen(s3, source(clip(MADE)), order)
    (entry,) = entries(slow)
    taken_over = successor(slow)
    assert taken_over.run().code == 0
    before, changed = woken(slow, request)
    assert (slow.code, changed) == (1, {})
    (playlist,) = (key for key in before if key.endswith(".m3u8"))
    assert playlist == f"media/{entry['file_id']}/playlist.m3u8"
    assert judge(s3.versions[playlist]) == []
    assert (entries(slow), len(slow.files)) == ([], 1 if order is ENDS else 0)


def test_where_nobody_goes_on_recovery_shuts_the_door(s3: FakeS3, source: Source) -> None:
    slow, request = frozen(s3, source(clip(MADE)))
    slow.change({"unpublished_at": 1.0})
    assert successor(slow).run().code == 0
    before, changed = woken(slow, request)
    assert changed == {}
    assert playlists(s3) == [b""]
    assert {key.rpartition(".")[2] for key in before} == {"ts", "m3u8"}
    assert (slow.files, entries(slow)) == ([], [])


def test_a_door_that_was_shut_before_its_maker_died_stays_shut(s3: FakeS3, source: Source) -> None:
    slow, request = frozen(s3, source(clip(MADE)))
    (entry,) = entries(slow)
    s3.objects[f"media/{entry['file_id']}/playlist.m3u8"] = StoredObject(b"", "")
    slow.change({"unpublished_at": 1.0})
    assert successor(slow).run().code == 0
    assert (slow.files, entries(slow), playlists(s3)) == ([], [], [b""])
    woken(slow, request)


def test_a_first_playlist_that_comes_in_just_before_the_door_is_shut_is_a_file(s3: FakeS3, source: Source) -> None:
    slow, request = frozen(s3, source(clip(SHORT)))
    slow.change({"unpublished_at": 1.0})
    door = Frozen(s3, names_playlist)
    recovery = successor(slow)
    recovery.start()
    door.wait()
    request.wake()
    s3.wait_for(lambda: playlists(s3) != [])
    door.wake()
    assert recovery.wait().code == 0
    assert [file.recovered for file in recovery.files] == [True]
    slow.wait()
    assert len(slow.files) == 1


def test_the_first_playlist_that_it_wrote_just_before_its_successor_s_is_gone_on_with(
    s3: FakeS3, source: Source
) -> None:
    slow, request = frozen(s3, source(clip(MADE)))
    second = Frozen(s3, names_playlist)
    taken_over = successor(slow)
    taken_over.start()
    second.wait()
    next_one = Frozen(s3, names_playlist)
    request.wake()
    next_one.wait()
    second.wake()
    assert taken_over.wait().code == 0
    next_one.wake()
    assert slow.wait().code == 1
    (file,) = slow.files
    text = s3.objects[file.key].content.decode()
    assert outline(text)[:3] == ["000000", "DISCONTINUITY", "000000"]
    assert len(set(segment_names(text))) == len(segment_names(text))
    assert judge(s3.versions[file.key]) == []


def test_a_file_that_it_ended_with_its_last_word_is_committed_and_a_new_one_begins(s3: FakeS3, source: Source) -> None:
    slow, request = frozen(s3, source(clip(SHORT)))
    second = Frozen(s3, names_playlist)
    taken_over = successor(slow)
    taken_over.start()
    second.wait()
    request.wake()
    s3.wait_for(lambda: playlists(s3) != [])
    second.wake()
    assert taken_over.wait().code == 0
    slow.wait()
    assert sorted(file.recovered for file in slow.files) == [False, True]
    assert entries(slow) == []


def test_who_had_taken_a_file_over_and_froze_before_its_first_word_does_not_write_over_the_third(
    s3: FakeS3, source: Source
) -> None:
    first, held = frozen(s3, source(clip(MADE)))
    second = Studio(s3, DEAF, table=first.table)
    request = Frozen(s3, names_playlist)
    second.start()
    request.wait()
    second.change({"lease_until": 0})
    third = successor(second)
    assert third.run().code == 0
    _, changed = woken(second, request)
    assert (second.code, changed) == (1, {})
    assert [file.recovered for file in third.files] == [False]
    held.wake()
    first.wait()


def test_a_segment_that_was_under_way_is_left_behind_and_no_more(s3: FakeS3, source: Source) -> None:
    request = Frozen(s3, lambda request: request.key.endswith(".ts"))
    slow = Studio(s3, DEAF)
    slow.order(source(clip(MADE)), ENDS)
    slow.start()
    request.wait()
    slow.change({"lease_until": 0})
    assert successor(slow).run().code == 0
    _, changed = woken(slow, request)
    assert_nothing_but_a_late_segment(changed)
    assert len(slow.files) == 1
