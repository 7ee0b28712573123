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
    assert rebuild(recorded.table, recorded, "bucket") == (5, 0)
    assert recorded.table.items == before
    assert rebuild(recorded.table, recorded, "bucket") == (5, 0)
    assert recorded.table.items == before


def test_a_file_that_was_missed_is_announced_and_no_other_is_again(recorded: World, receiver: CallbackReceiver) -> None:
    recorded.callbacks(receiver.base)
    for file_id in FILE_IDS[1:]:
        index_file(recorded.table, file_id, now=BEGIN)
    recorded.deliver_all()
    assert len(receiver.received) == 4
    rebuild(recorded.table, recorded, "bucket")
    recorded.deliver_all()
    assert sorted(body["file_id"] for body in receiver.received) == FILE_IDS


def test_an_object_that_cannot_be_read_does_not_keep_the_others_out(
    recorded: World, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.objects[f"ready/{FILE_IDS[2]}.json"] = b"{}"
    assert rebuild(recorded.table, recorded, "bucket") == (5, 1)
    assert len(recorded.listed(keys.ALL_MEDIA)) == 4
    assert '"event":"file_not_indexed"' in capsys.readouterr().err
