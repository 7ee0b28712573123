"""From publish to callback through the functions, with the real clients: every request is one that AWS takes."""

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from app import app
from chalicelib import aws, keys
from chalicelib.api.moments import iso_text
from chalicelib.handlers.callback_due import callback_due
from chalicelib.handlers.file_ready import file_ready
from chalicelib.handlers.tick import tick
from chalicelib.notify import gate, queue
from chalicelib.notify.answer import Answer
from chalicelib.recording import naming
from chalicelib.recording.file_facts import FileFacts, TrackFacts
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.playlist import Playlist, Segment
from chalicelib.recording.waiting import WaitingFile
from chalicelib.settings import settings
from tests.fakes.callback_receiver import CallbackReceiver, callback_receiver
from tests.fakes.world import FILE, REPORT, World, notification
from tests.moto_table import create_table

SCHEDULED = ("id", "detail-type", "source", "detail", "version", "account", "time", "region")
"""What a schedule's event tells, and the tick does not look at."""


class Account:
    """What the template makes of an AWS account, as far as the path from publish to callback needs it."""

    def __init__(self) -> None:
        self.sqs, self.s3, self.ecs = (boto3.client(name, region_name="us-east-1") for name in ("sqs", "s3", "ecs"))
        create_table(boto3.client("dynamodb", region_name="us-east-1"), "tapedeck")
        self.s3.create_bucket(Bucket="tapedeck")
        self.queue_url = self.sqs.create_queue(QueueName="callback-due")["QueueUrl"]
        boto3.client("ssm", region_name="us-east-1").put_parameter(
            Name="/tapedeck/hook-secret", Type="SecureString", Value=World.SECRET
        )
        self.ecs.create_cluster(clusterName="tapedeck")
        self.ecs.register_task_definition(
            family="tapedeck-recorder",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "recorder", "image": "recorder", "cpu": 256, "memory": 512}],
        )
        ec2 = boto3.client("ec2", region_name="us-east-1")
        subnet = ec2.describe_subnets()["Subnets"][0]
        self.subnet_id = subnet["SubnetId"]
        filters = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
        self.security_group_id = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]

    def messages(self) -> list[dict[str, str]]:
        """What lies in the queue, as a function is given it."""
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        found = answer.get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [{"messageId": each["MessageId"], "body": each["Body"]} for each in found]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account, and functions that live in it."""

    def forget() -> None:
        for remembered in (settings, aws.client, aws.table):
            remembered.cache_clear()

    with mock_aws():
        made = Account()
        monkeypatch.setenv("CALLBACK_QUEUE_URL", made.queue_url)
        monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "1")
        monkeypatch.setenv("HOLD_SECONDS", "0")
        monkeypatch.setenv("ECS_SUBNETS", made.subnet_id)
        monkeypatch.setenv("ECS_SECURITY_GROUPS", made.security_group_id)
        forget()
        yield made
        forget()


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    with callback_receiver() as running:
        yield running


def customer() -> World:
    """Rules and tasks are made by the API's own actions, on the account's table."""
    world = World()
    world.table = aws.table()  # type: ignore[assignment]  # of the world, its actions alone are used here
    world.now = time.time()
    return world


def hook(event: str, **facts: str) -> Any:
    """What the function answers to a hook of SRS."""
    body = {
        "client_id": "c1",
        "ip": "203.0.113.7",
        "vhost": "push.example.com",
        "app": "live",
        "stream": "room-7",
        "param": "",
        "tcUrl": "rtmp://push.example.com/live",
        "server_id": "o1",
        **facts,
    }
    request = {
        "requestContext": {"resourcePath": "/hooks/{dialect}/{event}", "httpMethod": "POST"},
        "headers": {"Content-Type": "application/json"},
        "pathParameters": {"dialect": "srs", "event": event},
        "multiValueQueryStringParameters": {"secret": [World.SECRET]},
        "stageVariables": None,
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
    answer = app(request, SimpleNamespace())
    return answer["statusCode"], json.loads(answer["body"])


def give(function: Any, messages: list[dict[str, str]]) -> Any:
    return function({"Records": messages}, SimpleNamespace())


def test_a_stream_is_published_recorded_indexed_and_told(account: Account, receiver: CallbackReceiver) -> None:
    world = customer()
    world.rule(world.template("Flv"))
    world.task()
    world.callbacks(receiver.base, key="abcd1234")

    assert hook("on_publish") == (200, {"code": 0})
    (task_arn,) = account.ecs.list_tasks(cluster="tapedeck")["taskArns"]
    (task,) = account.ecs.describe_tasks(cluster="tapedeck", tasks=[task_arn])["tasks"]
    session_id = task["startedBy"]
    assert hook("on_play", param=f"?tapedeck_session={session_id}") == (200, {"code": 0})

    account.s3.put_object(Bucket="tapedeck", Key=naming.ready_key(FILE.file_id), Body=FILE.to_json())
    account.s3.put_object(Bucket="tapedeck", Key=naming.report_key(REPORT.report_id), Body=REPORT.to_json())
    ready = {"messageId": "m1", "body": notification(naming.ready_key(FILE.file_id))}
    report = {"messageId": "m3", "body": notification(naming.report_key(REPORT.report_id))}
    missing = {"messageId": "m2", "body": notification(naming.ready_key("5000000000000000043"))}
    assert give(file_ready, [report, ready, ready, missing, report]) == {
        "batchItemFailures": [{"itemIdentifier": "m2"}]
    }
    assert hook("on_unpublish") == (200, {"code": 0})

    assert give(callback_due, account.messages()) == {"batchItemFailures": []}
    assert give(callback_due, account.messages()) == {"batchItemFailures": []}
    told = {path: body["event_type"] for path, body in zip(receiver.paths, receiver.received, strict=True)}
    assert told == {"/begin": 1, "/end": 0, "/file": 100, "/status": 332}
    assert len(receiver.received) == 4

    scheduled = {"id": "1", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": []}
    tick({**scheduled, "version": "0", "account": "0", "time": "", "region": ""}, SimpleNamespace())
    assert account.messages() == []


def test_a_failed_callback_comes_back_with_a_delay(account: Account, receiver: CallbackReceiver) -> None:
    world = customer()
    world.callbacks(receiver.base)
    receiver.status = 500
    hook("on_publish")
    give(callback_due, account.messages())
    assert len(receiver.received) == 1
    attributes = account.sqs.get_queue_attributes(
        QueueUrl=account.queue_url, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert attributes["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"


def test_the_tick_ends_hls_that_nobody_went_on_with(account: Account) -> None:
    world = customer()
    paused_at = time.time() - 300
    file = OpenFile(
        file_id=FILE.file_id,
        format=RecordFormat.HLS,
        epoch=1,
        session_id=FILE.session_id,
        stream=FILE.stream,
        stream_param=FILE.stream_param,
        recording_id="template-1",
        template_id=1,
        task_id="",
        order=FormatOrder(),
        began_at=paused_at - 6,
        media_start_ms=0,
    )
    segment = Segment(name="000000-abcdef.ts", duration_seconds=6.0, began_at=paused_at - 6)
    growing = Playlist(target_seconds=12, segments=(segment,))
    video = TrackFacts(codec="h264", samples=150, size_bytes=1000, seconds=6.0, width=64, height=64)
    facts = FileFacts(
        session_id=FILE.session_id,
        started_at=paused_at - 6,
        ended_at=paused_at,
        media_start_ms=0,
        media_bytes=1880,
        video=video,
        audio=None,
    )
    key = naming.media_key(file.file_id, RecordFormat.HLS)
    account.s3.put_object(Bucket="tapedeck", Key=key, Body=growing.encode(), Metadata={"facts": facts.encode()})
    world.table.put(WaitingFile(file=file, paused_at=paused_at, deadline=paused_at + 60).put_away())
    for _ in range(2):
        tick({**dict.fromkeys(SCHEDULED, ""), "resources": []}, SimpleNamespace())
        ended = account.s3.get_object(Bucket="tapedeck", Key=key)
        assert ended["Body"].read() == growing.finished().encode()
        assert (ended["CacheControl"], ended["ContentType"]) == ("max-age=60", "application/vnd.apple.mpegurl")
        ready = account.s3.get_object(Bucket="tapedeck", Key=naming.ready_key(file.file_id))["Body"].read()
        assert FinishedFile.from_json(ready).size_bytes == 1880 + len(growing.finished().encode())
        assert list(world.table.query(keys.ALL_WAITING, index=keys.LISTING)) == []


def test_a_receiver_hangs_and_is_sent_what_it_missed(
    account: Account, receiver: CallbackReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBACK_TIMEOUT_SECONDS", "2")
    monkeypatch.setenv("CALLBACK_MAX_TRIES", "1")
    settings.cache_clear()
    world, url = customer(), f"{receiver.base}/push"
    urls = {"StreamBeginNotifyUrl": url, "StreamEndNotifyUrl": url}
    template = world.act("CreateLiveCallbackTemplate", TemplateName="c", CallbackKey="abcd1234", **urls)
    world.act("CreateLiveCallbackRule", DomainName="push.example.com", AppName="", **template)

    hook("on_publish")
    receiver.hangs = True
    assert give(callback_due, account.messages()) == {"batchItemFailures": []}
    probe = gate.enter(aws.table(), url, now=time.time())
    assert probe is not None
    hook("on_unpublish")
    assert give(callback_due, account.messages()) == {"batchItemFailures": []}
    assert gate.enter(aws.table(), url, now=time.time()) is None
    (waiting,) = aws.table().query(keys.waiting_for(url), index=keys.LISTING)
    tick(dict.fromkeys(SCHEDULED, "") | {"resources": []}, SimpleNamespace())
    assert account.messages() == [], "one delivery is under way"

    receiver.hangs = False
    queue.announce(gate.leave(aws.table(), probe, Answer(status=503), now=time.time()))
    assert give(callback_due, account.messages()) == {"batchItemFailures": []}
    assert [event["event_type"] for event in receiver.received] == [1, 0]
    span = {"StartTime": iso_text(world.now - 60), "EndTime": iso_text(world.now + 60)}
    assert world.act("RedriveCallbacks", **span, EventType=1) == {"Count": 1, "ScrollToken": ""}
    assert give(callback_due, account.messages()) == {"batchItemFailures": []}
    assert world.act("RedriveCallbacks", **span) == {"Count": 0, "ScrollToken": ""}
    assert waiting["event_id"].endswith("-0")
    tried = world.act("DescribeCallbackRecordsList", **span, StreamName="room-7")["DataInfoList"]
    assert [(each["EventType"], each["ResultCode"]) for each in tried] == [(1, 1), (0, 0), (1, 0)]
