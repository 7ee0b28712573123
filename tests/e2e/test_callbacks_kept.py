"""Callbacks that are not lost: a receiver that is away, one that hangs, and one that hears everything in the end."""

import json
import time
from threading import Event
from typing import Any

import pytest

from chalicelib import keys
from chalicelib.api.moments import beijing_text, iso_text
from chalicelib.notify import outbox
from chalicelib.notify.events import CallbackEvent, EventType
from chalicelib.recording.stream import StreamRef
from infra.local.demo.customer import Customer
from infra.local.demo.receiver import Receiver
from infra.local.settings import LOOPBACK, free_ports
from tests.e2e.conftest import HURRIED
from tests.e2e.scene import KEY, Scene, clip_of, recorded
from tests.e2e.stack import Stack
from tests.polling import ask_until

pytestmark = pytest.mark.e2e

TRIES = int(HURRIED["CALLBACK_MAX_TRIES"])
MANY = 100
HELD_UP_SECONDS = 30.0
"""Far above what a callback takes, far below what a hundred tries of a receiver that hangs would take."""


def tries_of(customer: Customer, stream: str, **fields: Any) -> list[dict[str, Any]]:
    """What DescribeCallbackRecordsList says of a stream's callbacks."""
    span = {"StartTime": beijing_text(time.time() - 600), "EndTime": iso_text(time.time() + 600)}
    answer = customer.live("DescribeCallbackRecordsList", **span, StreamName=stream, PageSize=100, **fields)
    found: list[dict[str, Any]] = answer["DataInfoList"]
    return found


def wait_for_tries(customer: Customer, count: int, stream: str, **fields: Any) -> list[dict[str, Any]]:
    """The tries, once there are so many; raises TimeoutError."""

    def found() -> list[dict[str, Any]]:
        return tries_of(customer, stream, **fields)

    return ask_until(found, lambda tries: len(tries) >= count, seconds=60, what=f"{count} tries")


def test_what_an_unreachable_receiver_missed_is_parked_and_sent_again_to_a_living_one(running: Stack) -> None:
    stream = f"parked-{time.time_ns()}"
    with recorded(running.address, "flv") as scene, Receiver(KEY) as living:
        dead = f"http://{LOOPBACK}:{free_ports(1)[0]}/nobody-listens"
        template = {"TemplateId": scene.arrangement.callback_template_id}
        scene.customer.live("ModifyLiveCallbackTemplate", **template, RecordNotifyUrl=dead)
        scene.publish(clip_of(5), stream=stream)
        tried = wait_for_tries(scene.customer, TRIES, stream, EventType=100)
        [file_id] = {json.loads(each["Request"])["file_id"] for each in tried}
        event = running.table.get(keys.event(f"{file_id}-100")) or {}
        span = {"StartTime": beijing_text(event["created_at"]), "EndTime": iso_text(event["created_at"] + 1)}
        wanted = {**span, "StreamName": stream, "EventType": 100, "NewUrl": living.url}
        dry, wet, again = (
            scene.customer.own("RedriveCallbacks", **wanted, DryRun=is_dry)["Count"] for is_dry in (True, False, False)
        )
        [told] = living.wait_for(1, timeout_seconds=20)
        last = wait_for_tries(scene.customer, 1, stream, EventType=100, ResultCode=0)
    assert (event["state"], event["attempt"], [each["ResultCode"] for each in tried]) == ("parked", TRIES, [1] * TRIES)
    assert all("ConnectionRefusedError" in each["Response"] for each in tried)
    assert (dry, wet, again) == (1, 1, 0)
    assert (told["file_id"], told["event_type"]) == (file_id, 100)
    assert [each.complaint for each in living.received] == [""]
    assert json.loads(last[0]["Request"]).items() <= told.items()
    assert not {"sign", "t"} & json.loads(last[0]["Request"]).keys()


def many_due(running: Stack, scene: Scene, url: str) -> list[str]:
    """Events of another stream that are due to a URL, written as any are, and announced."""
    stream = StreamRef(domain=scene.arrangement.domain, app=scene.app, stream=f"many-{time.time_ns()}")
    event_ids = [f"{time.time_ns()}-{number}-100" for number in range(MANY)]
    for number, event_id in enumerate(event_ids):
        event = CallbackEvent(
            event_id=event_id, event_type=EventType.FILE_READY, payload={"n": number}, stream=stream, session_id=""
        )
        [put] = outbox.written(event, {"RecordNotifyUrl": url}, now=time.time())
        running.table.put(put)
    running.announce(event_ids)
    return event_ids


def states_of(running: Stack, event_ids: list[str]) -> list[str]:
    return [str(event["state"]) for event in running.table.get_many(map(keys.event, event_ids)).values()]


def wait_until_delivered(running: Stack, event_ids: list[str]) -> float:
    """How many seconds that took; raises TimeoutError."""
    began = time.monotonic()
    ask_until(lambda: set(states_of(running, event_ids)), {"delivered"}.__eq__, seconds=120, what="all are delivered")
    return time.monotonic() - began


def test_a_receiver_that_hangs_holds_up_no_callback_to_another(running: Stack, figures: dict[str, float]) -> None:
    is_well = Event()

    def answer(event: dict[str, Any]) -> int:
        is_well.wait(120)
        return 200

    with Receiver("", answer) as away, recorded(running.address, "flv") as scene:
        event_ids = many_due(running, scene, away.url)
        with scene.publisher(clip_of(10)) as publisher:
            publisher.wait_until_sent(1)
            begun_at = time.time()
            scene.receiver.wait_for(1, timeout_seconds=HELD_UP_SECONDS, event_type=1)
            came_after = scene.receiver.received[0].at - begun_at
            publisher.stop()
        scene.files(1)
        states = states_of(running, event_ids)
        is_well.set()
        took = wait_until_delivered(running, event_ids)
    figures["a callback beside a hundred to a receiver that hangs"] = came_after
    figures["the hundred, once it answers"] = took
    assert states.count("waiting") > MANY * 0.8
    assert states.count("delivered") == 0
