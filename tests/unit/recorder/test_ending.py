"""Every way in which a recorder's work ends, and what it goes on through."""

from typing import Any

import pytest

from recorder_task.session.ending import Patience, Situation, reason_to_end

PATIENCE = Patience(drain_seconds=2, drain_limit_seconds=10, source_stall_seconds=30)
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({}, None),
        ({"silent": 29}, None),
        ({"silent": 31}, "source stalled"),
        ({"source_ended": "source ended"}, "source ended"),
        ({"source_ended": "source failed: ValueError: x"}, "source failed: ValueError: x"),
        ({"source_ended": "source ended", "unpublished": 0}, "unpublished"),
        ({"unpublished": 1}, None),
        ({"unpublished": 1, "silent": 1.9}, None),
        ({"unpublished": 1, "silent": 2.1}, "unpublished"),
        ({"unpublished": 9, "silent": 0}, None),
        ({"unpublished": 11, "silent": 0}, "unpublished"),
        ({"unpublished": 0, "silent": 29}, "unpublished"),
        ({"is_told_to_stop": True}, "terminated"),
        ({"is_told_to_stop": True, "unpublished": 60}, "terminated"),
        ({"is_told_to_stop": True, "source_ended": "source ended"}, "terminated"),
        ({"is_all_done": True}, "nothing left to record"),
        ({"is_all_done": True, "unpublished": 1}, "nothing left to record"),
        ({"is_all_done": True, "source_ended": "source ended"}, "source ended"),
        ({"is_lost": True}, "replaced"),
        ({"is_lost": True, "is_told_to_stop": True, "is_all_done": True, "source_ended": "x"}, "replaced"),
    ],
    ids=[
        "packets come",
        "a pause of the encoder",
        "a pull that never ends and brings nothing",
        "a pull that ends in EOF or EIO, before the unpublish or without one",
        "a pull that fails",
        "the pull's end behind the unpublish",
        "unpublished, and packets still come",
        "unpublished, and silent for a moment",
        "unpublished, and silent long enough",
        "unpublished, and packets come for long",
        "unpublished, and packets come without end",
        "unpublished after a long silence",
        "SIGTERM while the stream lives",
        "SIGTERM behind the unpublish",
        "SIGTERM behind the pull's end",
        "every task has ended",
        "every task has ended before the drain",
        "every task has ended, and the pull too",
        "replaced by another recorder",
        "replaced, whatever else has happened",
    ],
)
def test_a_recorder_ends_for_this_reason(seen: dict[str, Any], reason: str | None) -> None:
    silent, unpublished = seen.pop("silent", 0), seen.pop("unpublished", None)
    situation = Situation(
        now=NOW,
        last_arrival_at=NOW - silent,
        unpublished_at=None if unpublished is None else NOW - unpublished,
        **seen,
    )
    assert reason_to_end(situation, PATIENCE) == reason
