"""What the policy of the API's function allows is enough for every action and every hook, and no more."""

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from app import app
from chalicelib.api.moments import beijing_text, iso_text
from chalicelib.notify import outbox
from chalicelib.settings import settings
from tests.fakes.permissions import LOGS, AsFunction
from tests.fakes.ssm import FakeSsm
from tests.fakes.world import FILE, STREAM, World
from tests.in_process import ACTIONS, answer_to
from tests.known_key import put_key


def address(name: str) -> dict[str, str]:
    return {"DomainName": STREAM.domain, "AppName": STREAM.app, "StreamName": name}


def is_let_in(event: str, **facts: str) -> bool:
    """The API's function is given a hook of SRS: whether it agrees."""
    body = {"client_id": "c1", "ip": "203.0.113.7", "vhost": STREAM.domain, "app": STREAM.app, "stream": "a"}
    request = {
        "requestContext": {"resourcePath": "/hooks/{dialect}/{event}", "httpMethod": "POST"},
        "headers": {"Content-Type": "application/json"},
        "pathParameters": {"dialect": "srs", "event": event},
        "multiValueQueryStringParameters": {"secret": [World.SECRET]},
        "stageVariables": None,
        "body": json.dumps({**body, "param": "", "tcUrl": "", "server_id": "o1", **facts}),
        "isBase64Encoded": False,
    }
    return bool(json.loads(app(request, SimpleNamespace())["body"])["code"] == 0)


def test_the_api_may_do_every_action_and_every_hook(
    world: World, as_function: AsFunction, empty_origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORIGIN_CONTROL_URL", empty_origin)
    settings.cache_clear()
    ssm = FakeSsm()
    put_key(world.table, ssm)
    world.parameters |= ssm.parameters

    role = as_function("api_handler")
    asked = set()

    def act(action: str, service: str = "live", /, **fields: Any) -> Any:
        answer = answer_to(service, action, fields, now=time.time())
        assert (action, answer.get("Error"), role.denied) == (action, None, [])
        asked.add(action)
        return answer

    def publish() -> None:
        assert is_let_in("on_publish")
        session_id = world.sessions()[-1]["session_id"]
        assert is_let_in("on_play", param=f"?tapedeck_session={session_id}")

    soon, now = int(time.time()) + 3600, time.time()
    domain, stream = {"DomainName": STREAM.domain}, address("a")
    span = {"StartTime": iso_text(now - 3600), "EndTime": iso_text(now + 60)}
    url = {"StreamBeginNotifyUrl": "http://127.0.0.1:2/begin"}

    template = {"TemplateId": act("CreateLiveRecordTemplate", TemplateName="t", HlsParam={"Enable": 1})["TemplateId"]}
    act("ModifyLiveRecordTemplate", Description="d", **template)
    act("DescribeLiveRecordTemplate", **template)
    act("DescribeLiveRecordTemplates")
    act("CreateLiveRecordRule", **domain, **template)
    act("DescribeLiveRecordRules")
    calling = {"TemplateId": act("CreateLiveCallbackTemplate", TemplateName="t", **url)["TemplateId"]}
    act("ModifyLiveCallbackTemplate", Description="d", **calling)
    act("DescribeLiveCallbackTemplate", **calling)
    act("DescribeLiveCallbackTemplates")
    act("CreateLiveCallbackRule", **domain, AppName="", **calling)
    act("DescribeLiveCallbackRules")
    act("ExplainRecording", **stream)
    publish()
    act("ExplainRecording", **stream)
    act("DescribeLiveStreamState", **stream)
    act("DescribeLiveStreamOnlineList")
    act("DescribeLiveStreamOnlineList", **domain)
    outbox.park(world.table, world.events()[0], "nobody answers", now=now)
    act("RedriveCallbacks", **span)
    act("DescribeCallbackRecordsList", **span, StreamName="a")
    act("CreateRecordTask", **stream, EndTime=soon)
    later = act("CreateRecordTask", **address("b"), StartTime=soon, EndTime=soon + 60)
    act("DescribeRecordTask", StartTime=int(now), EndTime=soon)
    act("StopRecordTask", TaskId=later["TaskId"])
    act("DeleteRecordTask", TaskId=later["TaskId"])
    older = {"AppName": STREAM.app, "StreamName": "c", **domain}
    task = act("CreateLiveRecord", **older, StartTime=beijing_text(now + 600), EndTime=beijing_text(now + 900))
    act("StopLiveRecord", StreamName="c", TaskId=task["TaskId"])
    act("DeleteLiveRecord", StreamName="c", TaskId=task["TaskId"])
    assert is_let_in("on_unpublish")
    for _ in range(2):
        publish()
        act("DropLiveStream", **stream)
    act("ForbidLiveStream", **stream)
    assert not is_let_in("on_publish")
    act("DescribeLiveForbidStreamList")
    act("ResumeLiveStream", **stream)
    publish()
    act("AddLiveDomain", **domain, DomainType=0)
    act("DescribeLiveDomain", **domain)
    act("DescribeLiveDomains")
    act("DescribeLivePushAuthKey", **domain)
    act("ModifyLivePushAuthKey", **domain, Enable=0)
    act("ForbidLiveDomain", **domain)
    act("EnableLiveDomain", **domain)
    act("DeleteLiveDomain", **domain, DomainType=0)
    act("DescribeLiveStreamEventList", **span)
    act("DescribeLiveStreamEventList", **span, **stream)
    act("DescribeLiveStreamPublishedList", **span, **domain)
    act("DescribeConcurrentRecordStreamNum", **span, LiveType="NormalLive")
    act("SearchMedia", "vod")
    act("SearchMedia", "vod", StreamIds=["a"])
    act("DescribeMediaInfos", "vod", FileIds=[FILE.file_id])
    act("DeleteLiveCallbackRule", **domain, AppName="")
    act("DeleteLiveCallbackTemplate", **calling)
    act("DeleteLiveRecordRule", **domain, AppName="", StreamName="")
    act("DeleteLiveRecordTemplate", **template)
    assert asked == {action for _, action in ACTIONS}
    assert role.denied == []
    assert role.unused == LOGS
