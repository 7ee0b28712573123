"""What each function's policy allows is enough for all that the function does, and no more."""

import io
import json
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import aws, keys
from chalicelib.errors import OriginDidNot
from chalicelib.handlers.callback_due import callback_due
from chalicelib.handlers.file_ready import file_ready
from chalicelib.handlers.task_stopped import task_stopped
from chalicelib.handlers.tick import tick
from chalicelib.notify import gate, outbox
from chalicelib.recording import naming
from chalicelib.recording.file_facts import FileFacts, TrackFacts
from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.playlist import Playlist, Segment
from chalicelib.recording.report import Status, StatusEvent
from chalicelib.recording.untold import UntoldReport, as_attribute
from chalicelib.recording.waiting import WaitingFile
from chalicelib.settings import settings
from tests.fakes.callback_receiver import CallbackReceiver
from tests.fakes.ecs import detail
from tests.fakes.permissions import LOGS, AsFunction
from tests.fakes.world import FILE, HOOK, REPORT, STREAM, World, hls_entry

TAKES_MESSAGES = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
"""Lambda itself does these in the function's name, as it logs."""
ADDRESS = {"DomainName": STREAM.domain, "AppName": STREAM.app}
EVENT = dict.fromkeys(("id", "detail-type", "source", "detail", "version", "account", "time", "region"), "")


class Playlists(World):
    """A world whose bucket is also written to."""

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": "1", "Metadata": {"facts": self.facts}}

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:
        self.objects[Key] = Body

    facts = ""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, short_settings: None) -> Playlists:
    """Everything in memory, some minutes ago."""
    made = Playlists()
    made.now = time.time() - 600
    monkeypatch.setattr(aws, "client", made.client)
    monkeypatch.setattr(aws, "table", lambda: made.table)
    return made


def live(world: World, name: str) -> str:
    """A recorded stream of this name; its session."""
    world.publish(replace(HOOK, stream=replace(STREAM, stream=name), client_id=name))
    return next(str(each["session_id"]) for each in world.sessions() if each["stream"] == name)


def has_something_to_tell(world: World, session_id: str) -> None:
    """Its recorder has died with a report that nobody was told of, and a file."""
    paused = replace(REPORT, session_id=session_id, told=Status(event=StatusEvent.PAUSED))
    untold = [UntoldReport(naming.report_key(paused.report_id), paused.to_json())]
    world.claim(session_id)
    world.left_open(session_id)
    world.change(session_id, untold=as_attribute(untold, beyond=0))


def has_failed_for_good(world: World, session_id: str) -> None:
    """Its recorders were given up."""
    world.change(session_id, recorder_ended_at=world.now, end_reason="source failed", failures=3)


def waits(world: Playlists) -> WaitingFile:
    """An HLS file whose time to wait is over by now."""
    file = hls_entry(REPORT.recording_id, began_at=world.now - 6)
    segment = Segment(name="000000-abcdef.ts", duration_seconds=6.0, began_at=world.now - 6)
    world.objects[naming.media_key(FILE.file_id, RecordFormat.HLS)] = Playlist(
        target_seconds=12, segments=(segment,)
    ).encode()
    world.facts = FileFacts(
        session_id=FILE.session_id,
        started_at=world.now - 6,
        ended_at=world.now,
        media_start_ms=0,
        media_bytes=1880,
        video=TrackFacts(codec="h264", samples=150, size_bytes=1000, seconds=6.0, width=64, height=64),
        audio=None,
    ).encode()
    return WaitingFile(file=file, paused_at=world.now, deadline=world.now + 60)


def messages(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


def test_the_tick_may_do_all_its_duties(
    world: Playlists, as_function: AsFunction, empty_origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBACK_WAIT_SECONDS", "60")
    settings.cache_clear()
    world.callbacks()
    world.rule(world.template("Hls"))
    has_something_to_tell(world, live(world, "lost"))
    has_failed_for_good(world, live(world, "gone"))
    live(world, "forbidden")
    first, *_ = world.events()
    gate.expect(world.table, first["url"], now=world.now)
    assert outbox.wait(world.table, first)
    world.table.put(waits(world).put_away())
    world.now = time.time() - 40
    world.act("CreateRecordTask", **ADDRESS, StreamName="with a task", EndTime=int(world.now) + 600)
    world.change(live(world, "with a task"), orders={})  # read before the task was made
    world.act("AddLiveDomain", DomainName=STREAM.domain, DomainType=0)
    with pytest.raises(OriginDidNot):
        world.act("ForbidLiveStream", **ADDRESS, StreamName="forbidden")
    with pytest.raises(OriginDidNot):
        world.act("ForbidLiveDomain", DomainName=STREAM.domain)
    monkeypatch.setenv("ORIGIN_CONTROL_URL", empty_origin)
    settings.cache_clear()
    world.sqs.take()
    world.ecs.requests.clear()

    role = as_function("tick")
    tick({**EVENT, "resources": []}, SimpleNamespace())
    assert role.denied == []
    assert role.unused == LOGS
    assert world.listed(keys.ALL_ONLINE) == []
    assert world.listed(keys.ALL_WAITING) == []
    assert world.ecs.requests != []
    assert world.sqs.messages != []


def test_who_hears_of_a_stopped_task_may_do_what_is_to_be_done_then(world: Playlists, as_function: AsFunction) -> None:
    world.callbacks()
    world.rule(world.template("Hls"))
    first, last = live(world, "dies"), live(world, "dies for good")
    has_something_to_tell(world, first)
    has_something_to_tell(world, last)
    world.change(last, failures=2)

    role = as_function("task_stopped")
    for session_id in (first, last):
        task_stopped({**EVENT, "resources": [], "detail": detail(session_id)}, SimpleNamespace())
    assert role.denied == []
    assert role.unused == LOGS


def test_who_hears_of_objects_may_take_them(world: Playlists, as_function: AsFunction) -> None:
    world.now = time.time()
    world.callbacks()
    world.table.put(waits(world).put_away())
    told = [world.finish(), world.report(), world.report(told=Status(event=StatusEvent.PAUSED), report_id="5" * 32)]

    role = as_function("file_ready")
    assert file_ready(messages(*told, *told), SimpleNamespace()) == {"batchItemFailures": []}
    assert role.denied == []
    assert role.unused == LOGS | TAKES_MESSAGES
    assert len(world.scheduler.schedules) == 1


def test_the_sender_of_callbacks_may_send_park_and_let_wait(
    world: Playlists, as_function: AsFunction, receiver: CallbackReceiver
) -> None:
    world.callbacks(receiver.base)
    for name in ("a", "b"):
        live(world, name)
    first, second = (each["event_id"] for each in world.events())
    gate.expect(world.table, f"{receiver.base}/begin", now=world.now)
    assert outbox.wait(world.table, world.table.items[keys.event(second)])
    body = json.dumps({"event_id": first})

    role = as_function("callback_due")
    receiver.status = 500
    assert callback_due(messages(body), SimpleNamespace()) == {"batchItemFailures": []}
    assert len(receiver.received) == 2
    assert role.denied == []
    assert role.unused == LOGS | TAKES_MESSAGES
