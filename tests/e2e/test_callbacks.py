"""Callbacks: once for each file, and again until they are taken."""

import pytest

from chalicelib import keys
from tests.e2e.scene import clip_of, recorded
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


def test_a_callback_receiver_that_answers_500_is_tried_again(running: Stack) -> None:
    answers = iter([500, 503])
    with recorded(
        running.address, "flv", answer=lambda event: next(answers, 200) if event["event_type"] == 100 else 200
    ) as scene:
        scene.publish(clip_of(5))
        scene.files(1)
        tries = [each.answered for each in scene.receiver.received if each.event["event_type"] == 100]
    assert tries == [500, 503, 200]
    assert len({each.event["file_id"] for each in scene.receiver.received if each.event["event_type"] == 100}) == 1


def test_a_repeated_s3_event_makes_one_callback(running: Stack) -> None:
    with recorded(running.address, "flv") as scene:
        scene.publish(clip_of(5))
        [event] = scene.files(1)
        before = running.table.get(keys.event(f"{event['file_id']}-100"))
        running.tell_again(event["file_id"])
        running.tell_again(event["file_id"])
        after = running.table.get(keys.event(f"{event['file_id']}-100"))
        found = scene.customer.vod("SearchMedia", FileIds=[event["file_id"]])
    assert before is not None
    assert (after, found["TotalCount"]) == (before, 1)
    assert len(scene.receiver.accepted(event_type=100)) == 1
