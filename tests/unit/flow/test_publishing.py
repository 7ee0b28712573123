"""Publish and unpublish: what is opened, recorded, told and closed; twice, out of order, all at once."""

from dataclasses import replace

import pytest

from chalicelib import keys
from chalicelib.ingest.hooks import PlayHook
from chalicelib.recording import publishing
from chalicelib.recording.orders import RecordFormat, RecordingOrder
from chalicelib.table import ConditionFailed, Write
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
        "dialect": "srs",
        "client_ip": "203.0.113.7",
        "node": "o1",
        "stream_param": "a=b&record_type=video",
        "published_at": BEGIN,
        "pull_url": f"rtmp://127.0.0.1:1935/live/room-7?tapedeck_session={session_id}&vhost=push.example.com",
        "orders": session["orders"],
        "orders_version": 1,
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


def test_a_publish_told_twice_is_one_session_with_one_recorder(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    world.publish()
    world.publish()
    assert len(world.sessions()) == 1
    assert len(world.ecs.tasks) == 1
    assert [event["event_type"] for event in world.events()] == [1]


def test_two_hooks_of_one_publish_at_one_moment_are_one_session(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    transact, others = world.table.transact, [HOOK]

    def overtaken(*writes: Write) -> None:
        if others:
            world.publish(others.pop())
        transact(*writes)

    world.table.transact = overtaken  # type: ignore[method-assign]  # the other hook comes between reading and writing
    world.publish()
    assert len(world.sessions()) == 1
    assert len(world.ecs.tasks) == 1
    assert len(world.events()) == 1


def test_a_stream_published_over_and_over_at_one_moment_is_refused_in_the_end(world: World) -> None:
    def refuse(*writes: Write) -> None:
        raise ConditionFailed([1])

    world.table.transact = refuse  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="5 times at once"):
        world.publish()


def test_a_publish_repeated_after_a_crash_before_the_launch_launches(world: World) -> None:
    world.rule(world.template("Flv"))
    world.ecs.is_down = True
    world.publish()
    (session,) = world.sessions()
    assert session["end_reason"] == "not launched: ECS is down"
    assert session["retry_at"] == BEGIN + 30


def test_a_newer_publish_of_the_stream_replaces_the_older(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    world.publish()
    world.now += 5
    world.publish(replace(HOOK, client_id="c2"))
    old, new = world.sessions()
    assert old["unpublished_at"] == BEGIN + 5
    assert "unpublished_at" not in new
    assert [item["session_id"] for item in world.listed(keys.ALL_ONLINE)] == [new["session_id"]]
    told = {event["event_id"]: event["payload"]["errmsg"] for event in world.events()}
    assert told == {
        f"{old['session_id']}-1": "ok",
        f"{old['session_id']}-0": "21.102 replaced by a newer push",
        f"{new['session_id']}-1": "ok",
    }


def test_an_unpublish_of_a_replaced_connection_is_harmless(world: World) -> None:
    world.publish()
    world.publish(replace(HOOK, client_id="c2"))
    world.unpublish()
    assert "unpublished_at" not in world.sessions()[-1]
    assert len(world.listed(keys.ALL_ONLINE)) == 1


def test_a_publisher_that_the_origin_turned_away_gives_the_stream_back(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    world.publish(replace(HOOK, client_id="c2"))
    world.now += 1
    world.unpublish(replace(GONE, client_id="c2"))
    first, second, again = world.sessions()
    assert "unpublished_at" in first
    assert "unpublished_at" in second
    assert (again["client_id"], again["stream_param"]) == ("c1", HOOK.param)
    assert len(world.ecs.tasks) == 3
    world.unpublish()
    assert world.listed(keys.ALL_ONLINE) == []
    assert len(world.sessions()) == 3


def test_a_publisher_that_came_back_on_a_new_connection_leaves_for_good(world: World) -> None:
    world.publish()
    world.publish(replace(HOOK, client_id="c2"))
    world.unpublish()
    world.unpublish()
    world.unpublish(replace(GONE, client_id="c2"))
    assert world.listed(keys.ALL_ONLINE) == []
    assert len(world.sessions()) == 2


def test_a_publisher_whose_recorder_saw_its_end_is_not_waited_for(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    world.claim(session_id)
    world.end(session_id, "source ended")
    world.publish(replace(HOOK, client_id="c2"))
    world.unpublish(replace(GONE, client_id="c2"))
    assert world.listed(keys.ALL_ONLINE) == []
    assert len(world.sessions()) == 2


def test_a_connection_numbered_like_an_earlier_one_is_another_if_that_was_recorded_to_its_end(world: World) -> None:
    world.rule(world.template("Flv"))
    world.publish()
    session_id = world.sessions()[0]["session_id"]
    world.claim(session_id)
    world.end(session_id)
    world.publish()
    assert len(world.sessions()) == 2


def test_an_unpublish_ends_the_session_and_tells_it(world: World) -> None:
    world.rule(world.template("Flv"))
    world.callbacks()
    world.publish()
    world.now += 12.5
    world.unpublish()
    (session,) = world.sessions()
    assert session["unpublished_at"] == BEGIN + 12.5
    assert world.listed(keys.ALL_ONLINE) == []
    assert world.listed(keys.ALL_OPEN) == [session]
    stopped = next(event for event in world.events() if event["event_type"] == 0)
    assert stopped["payload"]["push_duration"] == "12500"
    assert [message.event_id for message in world.sqs.take()] == [f"{session['session_id']}-{n}" for n in (1, 0)]


def test_a_session_nothing_records_is_closed_by_its_unpublish(world: World) -> None:
    world.publish()
    world.unpublish()
    assert world.listed(keys.ALL_OPEN) == []


def test_an_unpublish_without_a_publish_and_one_told_twice_are_harmless(world: World) -> None:
    world.callbacks()
    world.unpublish()
    world.publish()
    world.unpublish()
    world.now += 1
    world.unpublish()
    (session,) = world.sessions()
    assert session["unpublished_at"] == BEGIN
    assert [event["event_type"] for event in world.events()] == [0, 1]


def test_a_publisher_that_leaves_while_it_is_held_is_let_go(world: World) -> None:
    world.rule(world.template("Flv"))
    world.ecs.on_start = lambda session_id: world.unpublish()
    world.publish()
    assert world.sessions()[0]["unpublished_at"] == BEGIN


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


@pytest.mark.parametrize("rules_and_tasks", [1, 40])
def test_a_publish_costs_the_same_however_many_rules_and_tasks_there_are(world: World, rules_and_tasks: int) -> None:
    for number in range(rules_and_tasks):
        world.rule(world.template("Flv"), stream=f"another-{number}")
        world.act(
            "CreateRecordTask",
            DomainName=STREAM.domain,
            AppName=STREAM.app,
            StreamName=f"another-{number}",
            EndTime=int(BEGIN) + 600,
        )
    world.rule(1)
    world.task(TemplateId=1)
    world.callbacks()
    world.table.calls.clear()
    world.publish()
    looked_whether_subscribed = ["get"]
    assert world.table.calls == ["get_many", "query", "get_many", "transact", "update", *looked_whether_subscribed]
    assert len(world.ecs.requests) == 1
