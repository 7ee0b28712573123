"""A publish: what is opened, what is recorded, and what it costs."""

import json
from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.ingest.hooks import PlayHook
from chalicelib.recording import publishing
from chalicelib.recording.orders import RecordFormat, RecordingOrder
from tests.fakes.world import BEGIN, GONE, HOOK, STREAM, World


def recordings(world: World) -> dict[str, RecordingOrder]:
    (session,) = world.sessions()
    return {name: RecordingOrder.from_item(order) for name, order in session["orders"].items()}


def test_a_publish_opens_a_session_and_launches_its_recorder(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    (session,) = world.sessions()
    session_id = session["session_id"]
    assert session == {
        "PK": f"SESSION#{session_id}",
        "SK": "SESSION",
        "session_id": session_id,
        "domain": "push.example.com",
        "app": "live",
        "stream": "room-7",
        "client_id": "c1",
        "client_ip": "203.0.113.7",
        "dialect": "srs",
        "node": "o1",
        "stream_param": "a=b&record_type=video",
        "published_at": BEGIN,
        "pull_url": f"rtmp://127.0.0.1:1935/live/room-7?tapedeck_session={session_id}&vhost=push.example.com",
        "decision": {
            "rules": [{"DomainName": "push.example.com", "AppName": "", "StreamName": "", "TemplateId": 1}],
            "tasks": [],
        },
        "orders": session["orders"],
        "orders_version": 1,
        "let_go": {},
        "outcomes": {},
        "epoch": 0,
        "launches": 1,
        "launched_at": BEGIN,
        "stopped_launch": 0,
        "failures": 0,
        "subscribed_at": BEGIN,
        "LPK": "OPEN",
        "LSK": f"01800000000.250#{session_id}",
    }
    assert world.listed(keys.ALL_ONLINE) == [
        {
            "PK": "STREAM#push.example.com/live/room-7",
            "SK": "LIVE",
            "session_id": session_id,
            "client_id": "c1",
            "published_at": BEGIN,
            "domain": "push.example.com",
            "app": "live",
            "stream": "room-7",
            "LPK": "ONLINE",
            "SPK": "ONLINE#push.example.com",
            "LSK": f"01800000000.250#{session_id}",
        }
    ]
    assert world.ecs.requests == [
        {
            "cluster": "tapedeck",
            "taskDefinition": "tapedeck-recorder",
            "launchType": "FARGATE",
            "count": 1,
            "clientToken": f"{session_id}-1",
            "startedBy": session_id,
            "overrides": {
                "containerOverrides": [
                    {
                        "name": "recorder",
                        "environment": [
                            {"name": "SESSION_ID", "value": session_id},
                            {"name": "LAUNCH", "value": "1"},
                        ],
                    }
                ]
            },
        }
    ]


def test_a_stream_with_nothing_to_record_is_live_and_has_no_recorder(world: World) -> None:
    world.publish()
    assert recordings(world) == {}
    assert world.ecs.requests == []
    assert len(world.listed(keys.ALL_ONLINE)) == 1


def test_a_template_with_no_format_on_means_do_not_record(world: World) -> None:
    world.rule(world.template("Flv"))
    world.rule(world.template(), stream="room-7")
    world.publish()
    assert recordings(world) == {}


def test_a_template_and_a_task_record_a_stream_twice(world: World) -> None:
    rule_template, task_template = world.template("Flv", "Hls"), world.template("Mp4")
    world.rule(rule_template, app="live")
    task_id = world.task(TemplateId=task_template)
    world.publish()
    orders = recordings(world)
    assert {name: set(order.formats) for name, order in orders.items()} == {
        f"template-{rule_template}": {RecordFormat.FLV, RecordFormat.HLS},
        f"task-{task_id}": {RecordFormat.MP4},
    }
    assert orders[f"task-{task_id}"].ends_at == int(BEGIN) + 600


def test_a_task_without_a_template_records_hls(world: World) -> None:
    task_id = world.task()
    world.publish()
    assert set(recordings(world)[f"task-{task_id}"].formats) == {RecordFormat.HLS}


def test_for_a_rule_whose_template_is_gone_nothing_is_recorded_and_for_a_task_hls(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    of_rule, of_task = world.template("Flv"), world.template("Mp4")
    world.rule(of_rule)
    task_id = world.task(TemplateId=of_task)
    for template_id in (of_rule, of_task):  # of_rule: deleted with its rule, after the hook had read the rule
        world.table.items.pop(keys.record_template(template_id))
    world.publish()
    assert set(recordings(world)) == {f"task-{task_id}"}
    assert recordings(world)[f"task-{task_id}"].formats.keys() == {RecordFormat.HLS}
    (line,) = [line for line in capsys.readouterr().err.splitlines() if '"template_missing"' in line]
    assert json.loads(line)["templates"] == [of_rule, of_task]


@pytest.mark.parametrize("why", ["over", "stopped", "deleted", "to come"])
def test_a_task_that_is_not_due_records_nothing(world: World, why: str) -> None:
    start = {"StartTime": int(BEGIN) + 300} if why == "to come" else {}
    task_id = world.task(**start)
    if why == "over":
        world.now += 601
    elif why != "to come":
        world.act({"stopped": "StopRecordTask", "deleted": "DeleteRecordTask"}[why], TaskId=task_id)
    world.publish()
    assert recordings(world) == {}


def test_the_push_url_may_ask_for_audio_only_in_what_the_rule_records(world: World) -> None:
    template_id, task_id = world.template("Mp4"), world.task()
    world.rule(template_id)
    world.publish(replace(HOOK, param="record_type=audio"))
    assert {name: order.audio_only for name, order in recordings(world).items()} == {
        f"template-{template_id}": True,
        f"task-{task_id}": False,
    }


def test_a_changed_rule_holds_from_the_next_publish_on(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    world.act("ModifyLiveRecordTemplate", TemplateId=1, FlvParam={"Enable": 0}, Mp4Param={"Enable": 1})
    assert set(recordings(world)["template-1"].formats) == {RecordFormat.FLV}
    world.unpublish()
    world.now += 10
    world.publish(replace(HOOK, client_id="c2"))
    newest = world.sessions()[-1]
    assert set(newest["orders"]["template-1"]["formats"]) == {"mp4"}


def test_names_of_any_spelling_are_recorded_and_pulled_as_they_are(world: World) -> None:
    world.rule(world.template("Flv"))
    for name in ("../x", "a/b c+d", "直播间" * 66 + "ab", "%2e%2e", "=room"):
        stream = replace(STREAM, stream=name)
        world.publish(replace(HOOK, stream=stream))
        world.unpublish(replace(GONE, stream=stream))
        session = world.sessions()[-1]
        assert session["stream"] == name
        assert session["pull_url"].startswith(f"rtmp://127.0.0.1:1935/live/{name}?")
        assert "unpublished_at" in session
    assert len(world.ecs.tasks) == 5


def test_a_recorder_that_plays_is_noted_and_other_players_are_not(world: World) -> None:
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    for hook in (
        PlayHook(app="live", stream="room-7", session_id=""),
        PlayHook(app="live", stream="room-7", session_id="x" * 5000),
        PlayHook(app="live", stream="room-7", session_id="0" * 32),
        PlayHook(app="live", stream="another", session_id=session_id),
    ):
        publishing.subscribe(world.table, hook, now=world.now)
    assert "subscribed_at" not in world.session(session_id)
    hook = PlayHook(app="live", stream="room-7", session_id=session_id)
    publishing.subscribe(world.table, hook, now=world.now)
    publishing.subscribe(world.table, hook, now=world.now)
    assert world.session(session_id)["subscribed_at"] == BEGIN
    assert len(world.sessions()) == 1


@pytest.mark.parametrize(("of_others", "rules", "tasks"), [(0, 1, 1), (40, 4, 3)])
def test_a_publish_costs_the_same_however_many_rules_and_tasks_there_are(
    world: World, of_others: int, rules: int, tasks: int
) -> None:
    """As docs/09-performance.md has it: two dependent reads, a query of the open tasks, a transaction, a RunTask."""
    for number in range(of_others):
        world.rule(world.template("Flv"), stream=f"another-{number}")
        address = {"DomainName": STREAM.domain, "AppName": STREAM.app, "StreamName": f"another-{number}"}
        world.act("CreateRecordTask", **address, EndTime=int(BEGIN) + 600)
    template_id = world.template("Flv", "Mp4")
    for names in ({}, {"app": STREAM.app}, {"stream": STREAM.stream}, {"app": STREAM.app, "stream": STREAM.stream})[
        :rules
    ]:
        world.rule(template_id, **names)
    for _ in range(tasks):
        world.task(TemplateId=template_id)
    world.callbacks()
    world.table.calls.clear()
    world.publish()
    looked_whether_subscribed = ["get"]
    assert world.table.calls == ["get_many", "query", "get_many", "transact", "update", *looked_whether_subscribed]
    assert len(world.ecs.requests) == 1
