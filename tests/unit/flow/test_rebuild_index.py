"""The whole index comes back from the bucket alone, as it was, however often it is asked for."""

from copy import deepcopy

import pytest

from chalicelib import keys
from chalicelib.recording.indexing import index_file
from infra.rebuild_index import rebuild
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.world import BEGIN, World

FILE_IDS = [f"500000000000000004{number}" for number in range(5)]


@pytest.fixture
def recorded(world: World) -> World:
    """Five committed files and something that is none."""
    for file_id in FILE_IDS:
        world.finish(file_id=file_id, storage_seconds=3600)
    world.objects["ready/notes.txt"] = b"not a ready object"
    return world


def test_a_table_that_was_lost_is_rebuilt_as_it_was(recorded: World) -> None:
    for file_id in FILE_IDS:
        index_file(recorded.table, file_id, now=BEGIN)
    before = deepcopy(recorded.table.items)
    assert len(recorded.listed(keys.ALL_MEDIA)) == 5
    recorded.table.items.clear()
    assert rebuild(recorded.table, recorded, "bucket", now=BEGIN + 60) == (5, 0)
    assert recorded.table.items == before
    assert rebuild(recorded.table, recorded, "bucket", now=BEGIN + 60) == (5, 0)
    assert recorded.table.items == before


def test_a_file_that_was_missed_is_announced_and_no_other_is_again(recorded: World, receiver: CallbackReceiver) -> None:
    recorded.callbacks(receiver.base)
    for file_id in FILE_IDS[1:]:
        index_file(recorded.table, file_id, now=BEGIN)
    recorded.deliver_all()
    assert len(receiver.received) == 4
    rebuild(recorded.table, recorded, "bucket", now=BEGIN + 60)
    recorded.deliver_all()
    assert sorted(body["file_id"] for body in receiver.received) == FILE_IDS


def test_an_object_that_cannot_be_read_does_not_keep_the_others_out(
    recorded: World, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.objects[f"ready/{FILE_IDS[2]}.json"] = b"{}"
    assert rebuild(recorded.table, recorded, "bucket", now=BEGIN + 60) == (5, 1)
    assert len(recorded.listed(keys.ALL_MEDIA)) == 4
    assert '"event":"file_not_indexed"' in capsys.readouterr().err


def test_a_media_that_was_lost_comes_back_though_its_callback_is_known_and_is_not_announced_again(
    recorded: World, receiver: CallbackReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.callbacks(receiver.base)
    for file_id in FILE_IDS:
        index_file(recorded.table, file_id, now=BEGIN)
    recorded.deliver_all()
    before = deepcopy(recorded.table.items)
    del recorded.table.items[keys.media(FILE_IDS[2])]
    capsys.readouterr()
    assert rebuild(recorded.table, recorded, "bucket", now=BEGIN + 60) == (5, 0)
    assert recorded.table.items == before
    recorded.deliver_all()
    assert len(receiver.received) == 5
    log_lines = capsys.readouterr().err
    assert log_lines.count('"event":"media_restored"') == 1
    assert log_lines.count('"event":"file_indexed_before"') == 4


def test_a_callback_that_was_lost_with_its_media_still_there_is_not_written_again(recorded: World) -> None:
    recorded.callbacks()
    for file_id in FILE_IDS:
        index_file(recorded.table, file_id, now=BEGIN)
    for event in recorded.events():
        del recorded.table.items[keys.event(event["event_id"])]
    rebuild(recorded.table, recorded, "bucket", now=BEGIN + 60)
    assert recorded.events() == []


def test_a_file_whose_time_is_over_stays_out_of_the_index_and_is_not_announced(
    recorded: World, receiver: CallbackReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.callbacks(receiver.base)
    recorded.finish(file_id=FILE_IDS[0], storage_seconds=0)
    assert rebuild(recorded.table, recorded, "bucket", now=BEGIN + 3600) == (5, 0)
    recorded.deliver_all()
    assert [media["FileId"] for media in recorded.listed(keys.ALL_MEDIA)] == FILE_IDS[:1]
    assert [body["file_id"] for body in receiver.received] == FILE_IDS[:1]
    assert capsys.readouterr().err.count('"event":"file_expired"') == 4
