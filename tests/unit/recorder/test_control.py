"""The recorder's hold on its session: claim, lease, orders, end."""

import queue
import threading
from typing import Any, NoReturn

import pytest

from chalicelib import keys
from chalicelib.recording.orders import RecordingOrder
from chalicelib.settings import Settings
from chalicelib.table import Put, Update
from recorder_task.session.control import SIGNS_OF_NEWS, AlreadyClaimed, Control, NoSuchSession
from recorder_task.session.journal import Replaced
from tests.fakes.table import FakeTable
from tests.media.watched_table import WatchedTable

KEY = keys.session("s")


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table() -> FakeTable:
    return FakeTable()


def item(**overrides: Any) -> dict[str, Any]:
    """A session's item."""
    order = RecordingOrder(recording_id="template-1", formats={})
    return {
        "session_id": "s",
        "domain": "d",
        "app": "a",
        "stream": "r",
        "stream_param": "",
        "pull_url": "rtmp://origin/a/r",
        "published_at": 999.0,
        "orders": {"template-1": order.as_item()},
        "orders_version": 1,
        **overrides,
    }


def control(table: FakeTable, clock: Clock, **overrides: Any) -> Control:
    """A control of a session with that item."""
    table.put(Put(key=KEY, item=item(**overrides)))
    return Control(table, "s", Settings(lease_seconds=30, orders_seconds=0.01), clock)


def stored(table: FakeTable) -> dict[str, Any]:
    """The session's item."""
    found = table.get(KEY)
    assert found is not None
    return found


def test_a_claim_takes_the_lease_and_the_next_epoch(table: FakeTable, clock: Clock) -> None:
    orders = control(table, clock).claim()
    assert (orders.epoch, list(orders.recordings)) == (1, ["template-1"])
    facts = {name: stored(table)[name] for name in ("epoch", "lease_until", "recorder_started_at")}
    assert facts == {"epoch": 1, "lease_until": 1030.0, "recorder_started_at": 1000.0}


@pytest.mark.parametrize(
    ("before", "may_claim"),
    [
        ({"epoch": 4, "lease_until": 1001.0}, False),
        ({"epoch": 4, "lease_until": 999.0}, True),
        ({"epoch": 4, "recorder_ended_at": 990.0, "end_reason": "source ended"}, True),
    ],
    ids=["another lives", "another died", "another ended"],
)
def test_a_session_with_a_past(before: dict[str, Any], may_claim: bool, table: FakeTable, clock: Clock) -> None:
    mine = control(table, clock, **before)
    if not may_claim:
        with pytest.raises(AlreadyClaimed):
            mine.claim()
        return
    assert mine.claim().epoch == 5
    assert not {"recorder_ended_at", "end_reason"} & stored(table).keys()


def test_a_claim_whose_answer_was_lost_is_ours_when_it_is_sent_again(clock: Clock) -> None:
    class Repeating(FakeTable):
        """Carries each update out, and once more because its answer was lost."""

        def update(self, change: Update) -> dict[str, Any]:
            super().update(change)
            return super().update(change)

    table = Repeating()
    table.put(Put(key=KEY, item=item(epoch=4)))
    mine = Control(table, "s", Settings(lease_seconds=30), clock, launch=2)
    assert mine.claim().epoch == 5
    assert (mine.holds_lease, stored(table)["epoch"]) == (True, 5)


def test_of_two_that_claim_at_once_one_wins(table: FakeTable, clock: Clock) -> None:
    class Rival(FakeTable):
        """Another recorder claims between our reading and our writing."""

        def get(self, key: keys.Key, only: tuple[str, ...] = ()) -> dict[str, Any] | None:
            found = super().get(key, only)
            if found is not None and "epoch" not in found:
                super().update(Update(key=KEY, add={"epoch": 1}))
            return found

    rival = Rival()
    mine = control(rival, clock)
    with pytest.raises(AlreadyClaimed):
        mine.claim()
    assert rival.items[KEY]["epoch"] == 1


def test_a_session_that_does_not_exist(table: FakeTable, clock: Clock) -> None:
    with pytest.raises(NoSuchSession):
        Control(table, "unknown", Settings(), clock).claim()


def test_an_end_says_why_and_gives_the_lease_back(table: FakeTable, clock: Clock) -> None:
    mine = control(table, clock)
    mine.claim()
    outcomes = {"template-1": {"flv": {"state": "ended", "files": 1}}}
    mine.report(outcomes)
    assert mine.end("unpublished", whatever_was_ordered=True)
    found = stored(table)
    assert (found["end_reason"], found["recorder_ended_at"], found["outcomes"]) == ("unpublished", 1000.0, outcomes)
    assert "lease_until" not in found


def test_a_reading_asks_for_the_signs_of_news_and_for_the_orders_when_there_are_some(clock: Clock) -> None:
    class Asked(WatchedTable):
        """Notes what it is asked for."""

        def __init__(self) -> None:
            super().__init__()
            self.asked: queue.SimpleQueue[tuple[str, ...]] = queue.SimpleQueue()

        def get(self, key: keys.Key, only: tuple[str, ...] = ()) -> dict[str, Any] | None:
            found = super().get(key, only)
            self.asked.put(tuple(only))
            return found

        def asked_until(self, wanted: tuple[str, ...]) -> list[tuple[str, ...]]:
            """What it was asked for before that."""
            return list(iter(lambda: self.asked.get(timeout=20), wanted))

    news = threading.Event()
    table = Asked()
    mine = control(table, clock)
    mine.claim()
    assert table.asked.get() == ()
    mine.follow(news.set)
    assert [table.asked.get(timeout=20) for _ in range(3)] == [SIGNS_OF_NEWS] * 3
    task = RecordingOrder(recording_id="task-7", formats={})
    table.update(Update(key=KEY, set={("orders", "task-7"): task.as_item()}, add={"orders_version": 1}))
    assert set(table.asked_until(())) == {SIGNS_OF_NEWS}
    assert news.wait(20)
    assert "task-7" in mine.orders.recordings
    news.clear()
    table.update(Update(key=KEY, set={"unpublished_at": 1001.0}))
    assert set(table.asked_until(())) <= {SIGNS_OF_NEWS}
    assert news.wait(20)
    assert mine.orders.unpublished_at == 1001.0
    news.clear()
    table.update(Update(key=KEY, add={"epoch": 1}))
    assert news.wait(20)
    assert mine.is_lost
    mine.close()


def test_a_renewed_lease_carries_the_vitals_of_the_recordings(clock: Clock) -> None:
    table = WatchedTable()
    mine = control(table, clock)
    mine.claim()
    vitals = {"at": 1000.0, "recordings": {"template-1": {"flv": {"queue_depth": 0}}}}
    mine.follow(lambda: None, lambda: vitals)
    mine.report({"template-1": {"flv": {"state": "recording", "files": 0}}})
    table.wait_for(lambda: "heartbeat" in stored(table))
    mine.close()
    assert stored(table)["heartbeat"] == vitals


def test_who_has_not_renewed_its_lease_may_have_been_replaced(table: FakeTable, clock: Clock) -> None:
    mine = control(table, clock)
    mine.claim()
    assert mine.holds_lease
    clock.now = 1031.0
    assert not mine.holds_lease


def test_an_end_is_refused_where_orders_came_that_were_not_seen(table: FakeTable, clock: Clock) -> None:
    mine = control(table, clock)
    mine.claim()
    task = RecordingOrder(recording_id="task-7", formats={})
    table.update(Update(key=KEY, set={("orders", "task-7"): task.as_item()}, add={"orders_version": 1}))
    assert not mine.end("nothing left to record", whatever_was_ordered=False)
    assert "task-7" in mine.orders.recordings
    assert "recorder_ended_at" not in stored(table)
    assert mine.end("nothing left to record", whatever_was_ordered=False)


def test_who_was_replaced_writes_nothing(table: FakeTable, clock: Clock) -> None:
    mine = control(table, clock)
    mine.claim()
    table.update(Update(key=KEY, add={"epoch": 1}))
    assert mine.end("unpublished", whatever_was_ordered=True)
    assert mine.is_lost
    assert "recorder_ended_at" not in stored(table)


def test_what_an_earlier_recorder_reported_is_kept(table: FakeTable, clock: Clock) -> None:
    earlier = {"task-1": {"flv": {"state": "ended", "files": 1}}}
    mine = control(table, clock, outcomes=earlier, epoch=1, recorder_ended_at=990.0)
    mine.claim()
    later = {"template-1": {"flv": {"state": "ended", "files": 2}}}
    mine.report(later)
    mine.end("unpublished", whatever_was_ordered=True)
    assert stored(table)["outcomes"] == {**earlier, **later}


def test_a_lease_that_ran_out_is_renewed_before_anything_is_written(table: FakeTable, clock: Clock) -> None:
    woken = control(table, clock)
    woken.claim()
    clock.now += 31
    woken.assure_lease()
    assert stored(table)["lease_until"] == clock.now + 30


def test_who_was_replaced_while_it_slept_writes_nothing(table: FakeTable, clock: Clock) -> None:
    woken = control(table, clock)
    woken.claim()
    clock.now += 31
    Control(table, "s", Settings(), clock).claim()
    for _ in range(2):
        with pytest.raises(Replaced):
            woken.assure_lease()
    assert woken.is_lost


def test_a_table_that_cannot_be_reached_stops_no_recording(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    table = FakeTable()
    woken = control(table, clock)
    woken.claim()
    clock.now += 31
    tries = []

    def gone(write: Update) -> NoReturn:
        tries.append(write)
        raise ConnectionError

    monkeypatch.setattr(table, "update", gone)
    for _ in range(3):
        woken.assure_lease()
    assert (len(tries), woken.is_lost) == (1, False)
    clock.now += 31
    woken.assure_lease()
    assert len(tries) == 2


def test_who_is_closed_while_it_waits_for_its_next_reading_ends_at_once(table: FakeTable, clock: Clock) -> None:
    table.put(Put(key=KEY, item=item()))
    mine = Control(table, "s", Settings(lease_seconds=30, orders_seconds=3600), clock)
    mine.claim()
    before = set(threading.enumerate())
    mine.follow(lambda: None)
    (thread,) = set(threading.enumerate()) - before
    for _ in range(2):
        mine.close()
    thread.join(20)
    assert not thread.is_alive()
    mine.close()
