"""A stack for the tests, with the views an operator has beside its API."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from operator import not_
from pathlib import Path
from typing import Any

import boto3

from chalicelib import keys
from chalicelib.recording.naming import media_key, playback_url, ready_key
from chalicelib.recording.orders import RecordFormat
from chalicelib.table import Compare, DynamoTable, Update
from infra.local.demo.stack_process import StackProcess
from infra.local.running import StackFacts
from infra.local.settings import LOOPBACK, free_ports
from tests.polling import ask_until

PORTS = tuple(f"TAPEDECK_{part}_PORT" for part in ("FRONT", "AWS", "ECS", "RTMP", "ORIGIN_API"))
STACK_NAME = "tapedeck"


class Stack:
    """One stack on free ports with its state in `folder`; it may be ended and started again."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self.process = StackProcess(folder, folder / "output.log", {**ports, **environment})
        self._ecs_endpoint = f"http://{LOOPBACK}:{ports['TAPEDECK_ECS_PORT']}"

    def start(self) -> None:
        """Start it, for the first time or again."""
        self.address: StackFacts = self.process.start()
        self.table = DynamoTable(self.address.table, lambda: self._client("dynamodb"))

    def stop(self) -> None:
        """End it in order."""
        self.process.stop()

    def recorder_of(self, app: str, stream: str) -> str:
        """The ECS task that records a live stream."""
        live = self.table.get(keys.live(self.address.push_domain, app, stream))
        assert live is not None, f"nobody publishes {app}/{stream}"
        [arn] = self._client("ecs").list_tasks(startedBy=live["session_id"])["taskArns"]
        return str(arn)

    def growing_playlist(self, app: str, stream: str) -> str | None:
        """Where the HLS file of a live stream's rule is played, once its recorder has said which file it writes."""
        for formats in self.session(app, stream)["outcomes"].values():
            if "file_id" in formats["hls"]:
                return playback_url(self.address.media, media_key(formats["hls"]["file_id"], RecordFormat.HLS))
        return None

    def session(self, app: str, stream: str) -> Mapping[str, Any]:
        """The item of a live stream's session."""
        live = self.table.get(keys.live(self.address.push_domain, app, stream))
        assert live is not None, f"nobody publishes {app}/{stream}"
        return self.table.get(keys.session(live["session_id"])) or {}

    def kill_recorder(self, app: str, stream: str) -> float:
        """What a machine that runs out of memory does: SIGKILL; returns when, unix s."""
        wanted = f"SESSION_ID={self.session(app, stream)['session_id']}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended meanwhile, or is not ours
                if wanted in (process / "environ").read_bytes().split(b"\0"):
                    os.kill(int(process.name), signal.SIGKILL)
                    return time.time()
        raise AssertionError(f"nobody records {app}/{stream}")

    def stop_task(self, arn: str) -> None:
        """What an operator or a Fargate maintenance does: SIGTERM."""
        self._client("ecs").stop_task(task=arn)

    def let_windows_pass(self) -> None:
        """Bring every continuation window to its end, and the minute tick about."""
        for listed in self.table.query(keys.ALL_WAITING, index=keys.LISTING):
            item_key, long_ago = keys.Key(listed["PK"], listed["SK"]), 1.0
            lsk = keys.by_time(long_ago, item_key.sk)
            is_waiting = Compare("state", "=", "waiting")
            self.table.update(Update(key=item_key, set={"deadline": long_ago, "LSK": lsk}, when=[is_waiting]))
        told = dict.fromkeys(("version", "account", "region", "detail", "detail-type", "source", "time", "id"), "")
        self._invoke("Tick", {**told, "resources": []})

    def schedules(self) -> set[str]:
        """Names of the one-time schedules that are still to run."""
        return {each["Name"] for each in self._client("scheduler").list_schedules()["Schedules"]}

    def schedules_made_since(self, before: set[str], seconds: float = 20.0) -> set[str]:
        """The schedules that were not there before, once there are any; raises TimeoutError."""
        return ask_until(lambda: self.schedules() - before, seconds=seconds, what="a schedule is made")

    def wait_until_run(self, schedules: set[str], seconds: float = 60.0) -> None:
        """Wait until schedules have run, which deletes them; raises TimeoutError."""
        ask_until(lambda: schedules & self.schedules(), not_, seconds=seconds, what="the schedules have run")

    def tell_again(self, file_id: str) -> None:
        """Invoke the file-ready function as the queue does, with S3's event of a finished file."""
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": self.address.bucket}, "object": {"key": ready_key(file_id)}},
        }
        message = {"messageId": "again", "eventSource": "aws:sqs", "body": json.dumps({"Records": [record]})}
        self._invoke("FileReady", {"Records": [message]})

    def announce(self, event_ids: Sequence[str]) -> None:
        """Put messages of callback events into the queue, as who writes an event does."""
        [url] = [each for each in self._client("sqs").list_queues()["QueueUrls"] if "CallbackDueQueue" in each]
        for event_id in event_ids:
            self._client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"event_id": event_id}))

    def _invoke(self, function: str, event: Mapping[str, Any]) -> None:
        answer = self._client("lambda").invoke(FunctionName=self._function(function), Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()

    def _function(self, logical_id: str) -> str:
        resources = self._client("cloudformation").describe_stack_resources(StackName=STACK_NAME)["StackResources"]
        return next(
            str(each["PhysicalResourceId"])
            for each in resources
            if each["ResourceType"] == "AWS::Lambda::Function" and each["LogicalResourceId"] == logical_id
        )

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=self.address.region,
            endpoint_url=self._ecs_endpoint if service == "ecs" else self.address.aws_endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
