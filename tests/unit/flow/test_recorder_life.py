"""The states of a session's recorder and what follows from each, as tables."""

from typing import Any

import pytest

from chalicelib.recording.recorder_life import RecorderState, after_failure, is_wanted, may_try_again, state_of

NOW = 10_000.0
SESSION: dict[str, Any] = {"launches": 1, "launched_at": NOW - 60, "failures": 0, "orders": {}}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"launches": 0}, RecorderState.NONE),
        ({}, RecorderState.STARTING),
        ({"launched_at": NOW - 181}, RecorderState.LOST),
        ({"recorder_started_at": NOW - 50, "lease_until": NOW + 20}, RecorderState.RUNNING),
        ({"recorder_started_at": NOW - 50, "lease_until": NOW}, RecorderState.RUNNING),
        ({"recorder_started_at": NOW - 50, "lease_until": NOW - 1}, RecorderState.LOST),
        ({"recorder_started_at": NOW - 50, "recorder_ended_at": NOW - 5}, RecorderState.ENDED),
        ({"recorder_ended_at": NOW - 5}, RecorderState.ENDED),
    ],
    ids=[
        "never launched",
        "on its way",
        "on its way for too long",
        "holds its lease",
        "its lease ends now",
        "its lease has lapsed",
        "has ended",
        "could not be launched",
    ],
)
def test_the_state_of_a_recorder(facts: dict[str, Any], state: RecorderState) -> None:
    assert state_of({**SESSION, **facts}, now=NOW) is state


@pytest.mark.parametrize(
    ("ends", "facts", "expected"),
    [
        ([], {}, False),
        ([0], {}, True),
        ([0], {"unpublished_at": NOW}, False),
        ([NOW - 1], {}, False),
        ([NOW + 1], {}, True),
        ([NOW - 1, 0], {}, True),
    ],
    ids=["no orders", "an open one", "unpublished", "one that has ended", "one that will end", "one of two has ended"],
)
def test_when_a_recorder_is_wanted(ends: list[float], facts: dict[str, Any], expected: bool) -> None:
    orders = {str(number): {"ends_at": end} for number, end in enumerate(ends)}
    assert is_wanted({**SESSION, **facts, "orders": orders}, now=NOW) is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, {"failures": 1, "retry_at": NOW + 30}),
        ({"failures": 1}, {"failures": 2, "retry_at": NOW + 120}),
        ({"failures": 2}, {"failures": 3}),
        ({"recorder_started_at": NOW - 9}, {"failures": 1, "retry_at": NOW}),
        ({"failures": 1, "recorder_started_at": NOW - 9}, {"failures": 2, "retry_at": NOW + 30}),
        ({"recorder_started_at": NOW - 9, "recorder_ended_at": NOW}, {"failures": 1, "retry_at": NOW + 30}),
        ({"failures": 2, "recorder_started_at": NOW - 119}, {"failures": 3}),
        ({"failures": 2, "recorder_started_at": NOW - 120}, {"failures": 1, "retry_at": NOW}),
        (
            {"failures": 2, "recorder_started_at": NOW - 120, "recorder_ended_at": NOW},
            {"failures": 1, "retry_at": NOW},
        ),
    ],
    ids=[
        "the first",
        "the second",
        "the third is the last",
        "who dies at work is followed at once",
        "who dies again is followed a little later",
        "who says why it ends has not died",
        "a short life counts",
        "a steady one has a fresh count",
        "a steady one is followed at once though it says why it ends",
    ],
)
def test_the_distance_of_the_tries_grows_and_ends(facts: dict[str, Any], expected: dict[str, Any]) -> None:
    assert after_failure({**SESSION, **facts}, now=NOW) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [({"retry_at": NOW - 1}, True), ({"retry_at": NOW + 1}, False), ({"failures": 3}, False), ({}, True)],
    ids=["its time has come", "not yet", "given up", "wanted anew"],
)
def test_when_the_tick_may_launch(facts: dict[str, Any], expected: bool) -> None:
    session = {**SESSION, "orders": {"template-1": {"ends_at": 0}}, **facts}
    assert may_try_again(session, now=NOW) is expected
