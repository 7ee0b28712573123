"""The journal on the table's double and, through the recorder's own client, on moto's DynamoDB."""

import threading
from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.waiting import WaitingFile
from chalicelib.table import Compare, ConditionFailed, Put, Table, Update
from recorder_task.session.journal import Journal, Replaced
from tests.contract.journal.files import FILE, HLS, SESSION_ID, WAITING


def test_what_a_recorder_left_is_found_by_the_next_one_and_struck_out_once_it_is_finished(
    table: Table, lost: threading.Event
) -> None:
    first = Journal(table, SESSION_ID, 1, lost)
    first.open(FILE)
    first.confirm(FILE.file_id)
    repairs = {"video_leap": 2}
    first.note(FILE.file_id, {"dropped_seconds": 1.5, "repairs": repairs})
    assert first.left_behind() == []
    second = Journal(table, SESSION_ID, 2, lost)
    assert second.left_behind() == [replace(FILE, dropped_seconds=1.5, repairs=repairs)]
    second.close(FILE.file_id)
    second.close(FILE.file_id)
    assert second.left_behind() == []


def test_what_a_living_recorder_had_to_leave_is_taken_up_once(table: Table, lost: threading.Event) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    journal.open(FILE)
    assert (journal.left_behind(), journal.has_left) == ([], False)
    journal.leave(FILE.file_id)
    assert (journal.left_behind(), journal.has_left) == ([FILE], True)
    assert journal.enter(FILE, when=[Compare("epoch", "=", 1)])
    assert (journal.left_behind(), journal.has_left) == ([], False)
    assert journal.unfinished() == [FILE]


def test_a_recorder_that_was_replaced_enters_nothing(table: Table, lost: threading.Event) -> None:
    table.update(Update(key=keys.session(SESSION_ID), add={"epoch": 1}))
    slow = Journal(table, SESSION_ID, 1, lost)
    with pytest.raises(Replaced):
        slow.open(FILE)
    assert lost.is_set()
    assert Journal(table, SESSION_ID, 2, lost).left_behind() == []


def test_a_file_that_somebody_else_has_finished_is_not_completed(table: Table, lost: threading.Event) -> None:
    slow = Journal(table, SESSION_ID, 1, lost)
    slow.open(FILE)
    Journal(table, SESSION_ID, 2, lost).close(FILE.file_id)
    with pytest.raises(Replaced):
        slow.confirm(FILE.file_id)
    assert lost.is_set()


def test_a_file_that_is_handed_over_is_taken_by_one_recorder_in_another_session(
    table: Table, lost: threading.Event
) -> None:
    first = Journal(table, SESSION_ID, 1, lost)
    first.open(HLS)
    first.hand_over(HLS, WAITING.put_away())
    assert first.unfinished() == []
    partition = keys.waiting_partition("push.example.com", "live", "直播")
    assert [WaitingFile.from_item(item) for item in first.items(partition, "template-7#")] == [WAITING]
    assert first.items(partition, "template-70#") == []
    table.put(Put(key=keys.session("6" * 32), item={"epoch": 1}))
    second = Journal(table, "6" * 32, 1, lost)
    taken = replace(HLS, session_id="6" * 32)
    assert second.enter(taken, WAITING.taken())
    assert not second.enter(taken, WAITING.taken())
    assert second.unfinished() == [taken]
    assert second.items(partition, "template-7#") == []
    assert not lost.is_set()


def test_a_file_that_waits_is_taken_or_ended_but_never_both(table: Table, lost: threading.Event) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    journal.open(HLS)
    journal.hand_over(HLS, WAITING.put_away())
    table.update(WAITING.ending())
    assert not journal.enter(HLS, WAITING.taken())
    table.update(WAITING.ending())
    table.delete(WAITING.ended())
    with pytest.raises(ConditionFailed):
        table.update(WAITING.ending())


def test_a_dead_recorder_s_file_is_taken_over_once(table: Table, lost: threading.Event) -> None:
    Journal(table, SESSION_ID, 1, lost).open(HLS)
    table.update(Update(key=keys.session(SESSION_ID), set={"epoch": 3}))
    third = Journal(table, SESSION_ID, 3, lost)
    mine, is_the_first_s = replace(HLS, epoch=3), [Compare("epoch", "=", 1)]
    assert third.enter(mine, when=is_the_first_s)
    assert not third.enter(mine, when=is_the_first_s)
    assert not lost.is_set()
    second = Journal(table, SESSION_ID, 2, lost)
    with pytest.raises(Replaced):
        second.enter(replace(HLS, epoch=2), when=is_the_first_s)
    with pytest.raises(Replaced):
        second.hand_over(replace(HLS, epoch=2), WAITING.put_away())
    assert third.unfinished() == [mine]


def test_a_newer_version_s_attributes_are_left_alone() -> None:
    item = FILE.as_item()
    newer = {**item, "colour": "red", "order": {**item["order"], "shape": "round"}}
    assert OpenFile.from_item(newer) == FILE
    assert OpenFile.from_item({**item, "epoch": 3}) == replace(FILE, epoch=3)
