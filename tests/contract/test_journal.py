"""The journal on the table's double and, through the recorder's own client, on moto's DynamoDB."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib import keys
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.stream import StreamRef
from chalicelib.recording.waiting import WaitingFile
from chalicelib.settings import Settings
from chalicelib.table import Compare, ConditionFailed, Put, Table, Update
from recorder_task.aws.connect import connected
from recorder_task.session.journal import Journal, Replaced
from tests.fakes.table import FakeTable
from tests.moto_table import create_table

SESSION_ID = "5" * 32
FILE = OpenFile(
    file_id="5000000000000000042",
    format=RecordFormat.MP4,
    epoch=1,
    session_id=SESSION_ID,
    stream=StreamRef(domain="push.example.com", app="live", stream="直播"),
    stream_param="a=b",
    recording_id="template-7",
    template_id=7,
    task_id="",
    order=FormatOrder(interval_seconds=60, file_name="{StreamID}"),
    began_at=1_800_000_000.25,
    media_start_ms=135_802,
)


@pytest.fixture
def lost() -> threading.Event:
    """Set by a journal that finds another recorder at work."""
    return threading.Event()


@contextmanager
def on_moto(name: str) -> Iterator[Table]:
    """The recorder's own client on moto's server, with a table of this name."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    create_table(boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1"), name)
    environment = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": endpoint}
    with connected(Settings(table_name=name), environment) as (_, table):
        yield table
    server.stop()


@pytest.fixture(params=["moto", "fake"])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """Each of the two, with a session in its second epoch."""
    with on_moto(f"journal-{abs(hash(request.node.name))}") if request.param == "moto" else _fake() as made:
        made.put(Put(key=keys.session(SESSION_ID), item={"epoch": 1}))
        yield made


@contextmanager
def _fake() -> Iterator[Table]:
    yield FakeTable()


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


HLS = replace(FILE, format=RecordFormat.HLS)
WAITING = WaitingFile(file=HLS, paused_at=1_800_000_060.5, deadline=1_800_000_660.5)


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
