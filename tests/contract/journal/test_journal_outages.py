"""The journal of a table that is away for a moment, or whose answers are lost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.recording.waiting import WaitingFile
from chalicelib.table import Compare, Table, Update
from recorder_task.session.journal import Journal, Replaced
from tests.contract.journal.files import FILE, HLS, SESSION_ID, WAITING


@contextmanager
def out_of_reach(table: Table, *, only_answers: bool = False) -> Iterator[None]:
    """No transaction comes through; or it does, and its answer is lost."""
    transact = table.transact

    def fail(*writes: Any) -> None:
        if only_answers:
            transact(*writes)
        raise ConnectionError("no answer")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "transact", fail)
        yield


outages = pytest.mark.parametrize("only_answers", [False, True], ids=["unwritten", "its answer lost"])


@outages
def test_a_file_that_could_not_be_entered_is_entered_with_what_is_noted_of_it(
    table: Table, lost: threading.Event, only_answers: bool
) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    with out_of_reach(table, only_answers=only_answers):
        journal.open(FILE)
        assert journal.owes_entries
    journal.note(FILE.file_id, {"dropped_seconds": 1.5})
    assert journal.unfinished() == [replace(FILE, dropped_seconds=1.5)]
    assert not journal.owes_entries


@outages
def test_a_file_that_could_not_be_entered_is_still_ours_at_its_end(
    table: Table, lost: threading.Event, only_answers: bool
) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    with out_of_reach(table, only_answers=only_answers):
        journal.open(FILE)
        journal.confirm(FILE.file_id)
    journal.confirm(FILE.file_id)
    assert journal.unfinished() == [FILE]
    journal.close(FILE.file_id)
    assert (journal.unfinished(), lost.is_set()) == ([], False)


@outages
def test_a_file_that_could_not_be_entered_is_entered_beside_the_recording(
    table: Table, lost: threading.Event, only_answers: bool
) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    with out_of_reach(table, only_answers=only_answers):
        journal.open(FILE)
        assert journal.owes_entries
        journal.catch_up()
    journal.catch_up()
    assert (journal.unfinished(), journal.left_behind(), journal.owes_entries) == ([FILE], [], False)


def test_a_file_that_was_never_entered_can_be_left_too(table: Table, lost: threading.Event) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    with out_of_reach(table):
        journal.open(FILE)
    journal.leave(FILE.file_id)
    assert (journal.left_behind(), journal.has_left) == ([], True)
    journal.catch_up()
    assert journal.left_behind() == [FILE]


def test_a_file_that_is_struck_out_is_not_entered_any_more(table: Table, lost: threading.Event) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    with out_of_reach(table):
        journal.open(FILE)
    journal.close(FILE.file_id)
    journal.catch_up()
    assert (journal.unfinished(), journal.owes_entries) == ([], False)


@outages
@pytest.mark.parametrize("is_recovered", [False, True], ids=["unrecovered", "recovered"])
def test_a_recorder_that_was_replaced_enters_nothing_of_an_outage_either(
    table: Table, lost: threading.Event, only_answers: bool, is_recovered: bool
) -> None:
    slow = Journal(table, SESSION_ID, 1, lost)
    with out_of_reach(table, only_answers=only_answers):
        slow.open(HLS)
    table.update(Update(key=keys.session(SESSION_ID), add={"epoch": 1}))
    second = Journal(table, SESSION_ID, 2, threading.Event())
    for file in second.left_behind():
        second.enter(replace(file, epoch=2), when=[Compare("epoch", "=", 1)])
        if is_recovered:
            second.close(file.file_id)
    before = second.unfinished()
    with pytest.raises(Replaced):
        slow.confirm(HLS.file_id)
    with pytest.raises(Replaced):
        slow.note(HLS.file_id, {"dropped_seconds": 1.5})
    with pytest.raises(Replaced):
        slow.hand_over(HLS, WAITING.put_away())
    with pytest.raises(Replaced):
        slow.catch_up()
    assert lost.is_set()
    assert second.unfinished() == before
    assert second.items(keys.waiting_partition("push.example.com", "live", "直播"), "template-7#") == []


@outages
def test_a_dead_recorder_s_file_that_could_not_be_taken_over_is_looked_for_again(
    table: Table, lost: threading.Event, only_answers: bool
) -> None:
    Journal(table, SESSION_ID, 1, lost).open(FILE)
    table.update(Update(key=keys.session(SESSION_ID), add={"epoch": 1}))
    second = Journal(table, SESSION_ID, 2, lost)
    mine = replace(FILE, epoch=2)
    with out_of_reach(table, only_answers=only_answers):
        assert not second.enter(mine, when=[Compare("epoch", "=", 1)])
    assert second.has_left
    assert second.left_behind() == [mine if only_answers else FILE]
    assert second.enter(mine, when=[Compare("epoch", "=", 2 if only_answers else 1)])
    assert (second.left_behind(), second.has_left) == ([], False)


def test_a_file_that_another_was_quicker_to_take_over_is_not_looked_for_again(
    table: Table, lost: threading.Event
) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    journal.open(FILE)
    assert not journal.enter(FILE, when=[Compare("epoch", "=", 0)])
    assert not journal.has_left


@outages
def test_a_file_that_could_not_be_entered_is_handed_over_all_the_same(
    table: Table, lost: threading.Event, only_answers: bool
) -> None:
    journal = Journal(table, SESSION_ID, 1, lost)
    partition = keys.waiting_partition("push.example.com", "live", "直播")
    with out_of_reach(table, only_answers=only_answers):
        journal.open(HLS)
    journal.hand_over(HLS, WAITING.put_away())
    assert [WaitingFile.from_item(item) for item in journal.items(partition, "template-7#")] == [WAITING]
    assert (journal.unfinished(), journal.owes_entries, lost.is_set()) == ([], False, False)
