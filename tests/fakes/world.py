"""All that the path from publish to callback touches, in memory, with a clock that tests move."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from chalicelib import keys
from chalicelib.api.action import Actions, Call
from chalicelib.attribute_values import Item
from chalicelib.ingest.hooks import PublishHook, UnpublishHook
from chalicelib.live import (
    callback_records,
    callback_redrive,
    callback_templates,
    callbacks,
    domains,
    explain,
    push_keys,
    rules,
    stream_control,
    stream_history,
    tasks,
    templates,
)
from chalicelib.notify.delivery import deliver
from chalicelib.recording import naming, publishing
from chalicelib.recording.finished_file import FinishedFile, VideoTrack
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.report import Report, Status, StatusEvent
from chalicelib.recording.stream import StreamRef
from chalicelib.table import Put, Update
from tests.fakes.ecs import FakeEcs
from tests.fakes.scheduler import FakeScheduler
from tests.fakes.sqs import FakeSqs
from tests.fakes.table import FakeTable

BEGIN = 1_800_000_000.25
COMMITTED_AT = datetime.fromtimestamp(BEGIN, UTC)
STREAM = StreamRef(domain="push.example.com", app="live", stream="room-7")
HOOK = PublishHook(
    stream=STREAM, client_id="c1", client_ip="203.0.113.7", param="a=b&record_type=video", dialect="srs", node="o1"
)
GONE = UnpublishHook(stream=STREAM, client_id="c1")
FILE = FinishedFile(
    file_id="5000000000000000042",
    format=RecordFormat.MP4,
    key=naming.media_key("5000000000000000042", RecordFormat.MP4),
    name="room-7_2027",
    size_bytes=1_234_567,
    playlist_bytes=0,
    stream=STREAM,
    stream_param="a=b",
    session_id="5" * 32,
    recording_id="template-1",
    template_id=1,
    task_id="",
    started_at=BEGIN,
    ended_at=BEGIN + 60.5,
    duration_seconds=60.4,
    media_start_ms=135_802,
    video=VideoTrack(codec="h264", width=640, height=352, frames_per_second=30.0, bits_per_second=1),
    audio=None,
    storage_seconds=0,
    sub_app_id=0,
    procedure="",
    storage_mode="normal",
    class_id=0,
)
REPORT = Report(
    report_id=f"{'5' * 32}-1-7",
    sequence=1_800_000_009_750,
    at=BEGIN + 9.5,
    stream=STREAM,
    session_id="5" * 32,
    recording_id="template-1",
    task_id="",
    format=RecordFormat.HLS,
    file_id="5000000000000000042",
    told=Status(event=StatusEvent.START_SUCCEEDED),
)
CALLBACK_PATHS = {
    "StreamBeginNotifyUrl": "/begin",
    "StreamEndNotifyUrl": "/end",
    "RecordNotifyUrl": "/file",
    "RecordStatusNotifyUrl": "/status",
    "RecordExceptionNotifyUrl": "/exception",
}
ACTIONS: Actions = {
    **templates.ACTIONS,
    **rules.ACTIONS,
    **tasks.ACTIONS,
    **callback_templates.ACTIONS,
    **callbacks.ACTIONS,
    **callback_records.ACTIONS,
    **callback_redrive.ACTIONS,
    **domains.ACTIONS,
    **push_keys.ACTIONS,
    **stream_control.ACTIONS,
    **stream_history.ACTIONS,
    **explain.ACTIONS,
}


def hls_entry(recording_id: str, *, began_at: float) -> OpenFile:
    """What the journal says of an HLS file with FILE's id, of a recording of STREAM."""
    return OpenFile(
        file_id=FILE.file_id,
        format=RecordFormat.HLS,
        epoch=1,
        session_id=FILE.session_id,
        stream=STREAM,
        stream_param="",
        recording_id=recording_id,
        template_id=1,
        task_id="",
        order=FormatOrder(),
        began_at=began_at,
        media_start_ms=0,
    )


class World:
    """The table and the services; `now` stands still until a test moves it."""

    SECRET = "the hook secret"

    def __init__(self) -> None:
        self.now = BEGIN
        self.table = FakeTable()
        self.ecs = FakeEcs()
        self.sqs = FakeSqs()
        self.scheduler = FakeScheduler()
        self.objects: dict[str, bytes] = {}
        self.parameters: dict[str, str] = {}
        self.ecs.on_start = self.subscribe

    def client(self, service: str) -> Any:
        """A client as `aws.client` gives one."""
        clients = {"ecs": self.ecs, "sqs": self.sqs, "s3": self, "ssm": self, "scheduler": self.scheduler}
        return clients[service]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def get_paginator(self, operation: str) -> Any:
        """Of ListObjectsV2: pages of two objects, committed when the world began."""
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        found = sorted(key for key in self.objects if key.startswith(Prefix))
        for start in range(0, len(found), 2):
            yield {"Contents": [{"Key": key, "LastModified": COMMITTED_AT} for key in found[start : start + 2]]}
        yield {}

    def get_parameters(self, *, Names: list[str], WithDecryption: bool) -> dict[str, Any]:
        found = [name for name in Names if name in self.parameters]
        return {"Parameters": [{"Name": name, "Value": self.parameters[name]} for name in found]}

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:
        return {"Parameter": {"Value": {"/tapedeck/hook-secret": self.SECRET}[Name]}}

    def act(self, action: str, **values: Any) -> Mapping[str, Any]:
        """One action of the API, straight to the table."""
        return ACTIONS[action].run(values, Call(table=self.table, now=self.now), are_text=False)

    def template(self, *formats: str, **fields: Any) -> int:
        """A recording template with formats on: "Flv", "Hls", …"""
        params = {f"{format_}Param": {"Enable": 1} for format_ in formats}
        answer = self.act("CreateLiveRecordTemplate", TemplateName="t", **params, **fields)
        return int(answer["TemplateId"])

    def rule(self, template_id: int, *, app: str = "", stream: str = "", domain: str = STREAM.domain) -> None:
        """A recording rule."""
        self.act("CreateLiveRecordRule", DomainName=domain, AppName=app, StreamName=stream, TemplateId=template_id)

    def task(self, *, seconds: int = 600, **fields: Any) -> str:
        """A recording task of the stream that begins now."""
        address = {"DomainName": STREAM.domain, "AppName": STREAM.app, "StreamName": STREAM.stream}
        answer = self.act("CreateRecordTask", **address, EndTime=int(self.now) + seconds, **fields)
        return str(answer["TaskId"])

    def callbacks(self, base: str = "http://127.0.0.1:2", key: str = "", **fields: Any) -> None:
        """A callback template and a rule for the push domain, any app; further fields of the template as given."""
        urls = {name: base + path for name, path in CALLBACK_PATHS.items()}
        answer = self.act("CreateLiveCallbackTemplate", TemplateName="c", CallbackKey=key, **urls, **fields)
        self.act("CreateLiveCallbackRule", DomainName=STREAM.domain, AppName="", TemplateId=answer["TemplateId"])

    def subscribe(self, session_id: str) -> None:
        """What the origin says when the session's recorder plays."""
        self.change(session_id, subscribed_at=self.now)

    def claim(self, session_id: str, *, lease_seconds: float = 30) -> None:
        """What a recorder writes when it starts."""
        session = self.session(session_id)
        launch = session["launches"]
        self.change(
            session_id,
            epoch=session["epoch"] + 1,
            recorder_started_at=self.now,
            lease_until=self.now + lease_seconds,
            claimed_launch=launch,
            stopped_launch=launch - 1,
        )

    def end(self, session_id: str, reason: str = "unpublished") -> None:
        """What a recorder writes when it ends."""
        self.change(session_id, recorder_ended_at=self.now, end_reason=reason)

    def left_open(self, session_id: str) -> None:
        """What a recorder enters in the journal when it begins FILE."""
        key = keys.open_file(session_id, FILE.file_id)
        self.table.put(Put(key=key, item={"file_id": FILE.file_id, "epoch": self.session(session_id)["epoch"]}))

    def change(self, session_id: str, **facts: Any) -> None:
        """Set attributes of a session."""
        self.table.update(Update(key=keys.session(session_id), set={name: facts[name] for name in facts}))

    def publish(self, hook: PublishHook = HOOK) -> None:
        """The hook, as the origin sends it."""
        publishing.publish(self.table, hook, now=self.now)

    def unpublish(self, hook: UnpublishHook = GONE) -> None:
        """The hook, as the origin sends it."""
        publishing.unpublish(self.table, hook, now=self.now)

    def session(self, session_id: str) -> Item:
        """A session's item."""
        return self.table.items[keys.session(session_id)]

    def sessions(self) -> list[Item]:
        """Every session's item, the oldest first."""
        return self.having("published_at", "orders")

    def events(self) -> list[Item]:
        """Every callback event, by its id."""
        return sorted(self.having("event_id", "payload"), key=lambda event: str(event["event_id"]))

    def having(self, *names: str) -> list[Item]:
        """Items that have all of these attributes."""
        return [item for item in self.table.items.values() if all(name in item for name in names)]

    def listed(self, partition: str) -> list[Item]:
        """The items of a listing, whole."""
        listed = self.table.query(partition, index=keys.LISTING)
        return [self.table.items[keys.Key(item["PK"], item["SK"])] for item in listed]

    def finish(self, file: FinishedFile = FILE, **changes: Any) -> str:
        """A recorder commits a file; the message that S3 has the queue give."""
        file = replace(file, **changes)
        key = naming.ready_key(file.file_id)
        self.objects[key] = file.to_json()
        return notification(key)

    def report(self, report: Report = REPORT, **changes: Any) -> str:
        """A recorder reports; the message that S3 has the queue give."""
        report = replace(report, **changes)
        key = naming.report_key(report.report_id)
        self.objects[key] = report.to_json()
        return notification(key)

    def deliver_all(self) -> None:
        """Every message that lies in the queue reaches its function, delays notwithstanding."""
        for message in self.sqs.take():
            deliver(self.table, message.event_id, now=self.now)


def notification(*object_keys: str) -> str:
    """S3's notification that objects were made."""
    records = [{"s3": {"bucket": {"name": "tapedeck"}, "object": {"key": key}}} for key in object_keys]
    return json.dumps({"Records": records})
