"""A sample application: the whole life of a recording, by the official SDK and the standard library alone.

It arranges that a stream is recorded by a rule and by a task, waits for somebody to publish it, is told of each file by
signed callbacks, stops the task, finds the files, downloads them, and takes back all it has arranged. Written for the
vendor's cloud it would be the same but for the endpoint.

    TENCENTCLOUD_SECRET_ID=… TENCENTCLOUD_SECRET_KEY=… python docs/sample_application.py \
        --endpoint 127.0.0.1:8080 --rtmp rtmp://127.0.0.1:1935 --domain push.example.com
"""

import argparse
import hashlib
import hmac
import json
import queue
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tencentcloud.common.credential import EnvironmentVariableCredential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.live.v20180801 import models as live_models
from tencentcloud.live.v20180801.live_client import LiveClient
from tencentcloud.vod.v20180717 import models as vod_models
from tencentcloud.vod.v20180717.vod_client import VodClient

PUSH_STOPPED, PUSH_STARTED, FILE_READY = 0, 1, 100
PATIENCE_SECONDS = 120.0

Call = Callable[..., dict[str, Any]]
say = partial(print, flush=True)


def main() -> None:
    """The application."""
    arguments = parsed_arguments()
    live, vod = clients(arguments.endpoint)
    app, stream, callback_key = f"sample-{secrets.token_hex(4)}", "room", secrets.token_hex(16)
    address = {"DomainName": arguments.domain, "AppName": app, "StreamName": stream}
    with receiver(callback_key) as (callback_url, events), arranged(live, address, callback_url, callback_key) as task:
        task_id = task["TaskId"]
        say(f"publish to {arguments.rtmp}/{app}/{stream}?vhost={arguments.domain}")
        await_event(events, event_type=PUSH_STARTED)
        say(f"the stream is {live('DescribeLiveStreamState', **address)['StreamState']}")

        time.sleep(arguments.task_seconds)
        live("StopRecordTask", TaskId=task_id)
        of_task = await_event(events, event_type=FILE_READY, task_id=task_id)
        say(f"the task's file is {of_task['video_url']}")

        files = [await_event(events, event_type=FILE_READY, file_format=name) for name in ("flv", "hls")]
        ended = await_event(events, event_type=PUSH_STOPPED)
        say(f"the stream lasted {ended['push_duration']} ms and left {len(files)} files beside the task's")

        found = vod("SearchMedia", StreamIds=[stream], StreamPaths=[app])
        say(f"the library has {found['TotalCount']} files of the stream")
        infos = vod("DescribeMediaInfos", FileIds=[each["file_id"] for each in (of_task, *files)])["MediaInfoSet"]
        for info in infos:
            say(f"{info['BasicInfo']['Name']}: {info['MetaData']['Duration']:.1f} s, {downloaded(info)} bytes")

        now = int(time.time())
        [listed] = live("DescribeRecordTask", StartTime=now - 3600, EndTime=now + 7200, AppName=app)["TaskList"]
        say(f"the task was stopped {now - listed['Stopped']} s ago")
    say("everything was taken back")


def parsed_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="host:port of the API")
    parser.add_argument("--rtmp", required=True, help="base of push URLs")
    parser.add_argument("--domain", required=True, help="push domain")
    parser.add_argument("--task-seconds", type=float, default=5.0, help="how long the task records")
    return parser.parse_args()


def clients(endpoint: str) -> tuple[Call, Call]:
    """Functions that call an action of the live and of the VOD service by its name."""
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint))
    credential = EnvironmentVariableCredential().get_credential()

    def caller(client: Any, models: Any) -> Call:
        def call(action: str, **fields: Any) -> dict[str, Any]:
            request = getattr(models, f"{action}Request")()
            request.from_json_string(json.dumps(fields))
            answer: dict[str, Any] = json.loads(getattr(client, action)(request).to_json_string())
            return answer

        return call

    region = "ap-guangzhou"
    return (
        caller(LiveClient(credential, region, profile), live_models),
        caller(VodClient(credential, region, profile), vod_models),
    )


@contextmanager
def arranged(live: Call, address: dict[str, str], callback_url: str, callback_key: str) -> Iterator[dict[str, Any]]:
    """A rule and a task for the stream, and callbacks; all of it is deleted on leaving. Gives the task."""
    domain, app = address["DomainName"], address["AppName"]
    with ExitStack() as undo:
        by_rule = live("CreateLiveRecordTemplate", TemplateName=app, FlvParam={"Enable": 1}, HlsParam={"Enable": 1})
        undo.callback(live, "DeleteLiveRecordTemplate", TemplateId=by_rule["TemplateId"])
        rule = {"DomainName": domain, "AppName": app, "StreamName": ""}
        live("CreateLiveRecordRule", **rule, TemplateId=by_rule["TemplateId"])
        undo.callback(live, "DeleteLiveRecordRule", **rule)

        urls = dict.fromkeys(("StreamBeginNotifyUrl", "StreamEndNotifyUrl", "RecordNotifyUrl"), callback_url)
        callbacks = live("CreateLiveCallbackTemplate", TemplateName=app, CallbackKey=callback_key, **urls)
        undo.callback(live, "DeleteLiveCallbackTemplate", TemplateId=callbacks["TemplateId"])
        live("CreateLiveCallbackRule", DomainName=domain, AppName=app, TemplateId=callbacks["TemplateId"])
        undo.callback(live, "DeleteLiveCallbackRule", DomainName=domain, AppName=app)

        by_task = live("CreateLiveRecordTemplate", TemplateName=f"{app}-task", Mp4Param={"Enable": 1})
        undo.callback(live, "DeleteLiveRecordTemplate", TemplateId=by_task["TemplateId"])
        ends_at = int(time.time()) + 3600
        task = live("CreateRecordTask", **address, EndTime=ends_at, TemplateId=by_task["TemplateId"])
        undo.callback(live, "DeleteRecordTask", TaskId=task["TaskId"])
        yield task


@contextmanager
def receiver(key: str) -> Iterator[tuple[str, "queue.Queue[dict[str, Any]]"]]:
    """A server for callbacks: its URL, and what came signed with `key`."""
    events: queue.Queue[dict[str, Any]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            expected = hashlib.md5(f"{key}{event.get('t')}".encode(), usedforsecurity=False).hexdigest()
            is_ours = hmac.compare_digest(expected, event.get("sign", "")) and event["t"] > time.time()
            if is_ours:
                events.put(event)
            self.send_response(200 if is_ours else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", events
    finally:
        server.shutdown()
        server.server_close()


def await_event(events: "queue.Queue[dict[str, Any]]", **fields: Any) -> dict[str, Any]:
    """The next event with these fields; others are kept for later."""
    deadline, others = time.monotonic() + PATIENCE_SECONDS, []
    try:
        while True:
            event = events.get(timeout=max(0.0, deadline - time.monotonic()))
            if all(event.get(name) == value for name, value in fields.items()):
                return event
            others.append(event)
    finally:
        for other in others:
            events.put(other)


def downloaded(info: dict[str, Any]) -> int:
    """How many bytes the playback URL of a media gives."""
    with urllib.request.urlopen(info["BasicInfo"]["MediaUrl"]) as answer:
        return len(answer.read())


if __name__ == "__main__":
    main()
