"""ExplainRecording: why two files, why none; for the publish that may come, and for those that were."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.ingest.admission import NotAdmitted
from chalicelib.notify.events import CLIENT_CLOSED
from chalicelib.recording.orders import RecordFormat
from chalicelib.vod.media import media_put
from tests.fakes.world import BEGIN, FILE, STREAM, World

ADDRESS = {"DomainName": STREAM.domain, "AppName": STREAM.app, "StreamName": STREAM.stream}
LAST = "A publish now would be recorded in {} at a time."


def explained(world: World) -> Mapping[str, Any]:
    return world.act("ExplainRecording", **ADDRESS)


def outcomes(answer: Mapping[str, Any]) -> list[tuple[int, str, int]]:
    return [(rule["Priority"], rule["Outcome"], rule["TemplateId"]) for rule in answer["Rules"]]


def index(world: World, file_id: str, session_id: str, format_: RecordFormat, recording_id: str) -> None:
    file = replace(FILE, file_id=file_id, session_id=session_id, format=format_, recording_id=recording_id)
    world.table.put(media_put(file, media_base="http://m", indexed_at=world.now))


def test_a_stream_without_a_rule_is_not_recorded(world: World) -> None:
    answer = explained(world)
    assert answer == {
        "IsLive": 0,
        "RefusedBecause": "",
        "IsPushSigned": 0,
        "Rules": [
            {"Priority": 1, **ADDRESS, "TemplateId": 0, "Outcome": "absent"},
            {"Priority": 2, **ADDRESS, "AppName": "", "TemplateId": 0, "Outcome": "absent"},
            {"Priority": 3, **ADDRESS, "StreamName": "", "TemplateId": 0, "Outcome": "absent"},
            {"Priority": 4, **ADDRESS, "AppName": "", "StreamName": "", "TemplateId": 0, "Outcome": "absent"},
        ],
        "Recordings": [],
        "Explanation": [
            (
                "No rule applies to push.example.com/live/room-7: there is none for push.example.com/live/room-7,"
                " push.example.com/*/room-7, push.example.com/live/*, push.example.com/*/*."
            ),
            LAST.format("no files"),
        ],
        "Publishes": [],
    }


def test_a_rule_that_is_less_precise_loses(world: World) -> None:
    world.rule(world.template("Flv"))
    world.rule(world.template("Mp4"), app="live")
    answer = explained(world)
    assert outcomes(answer) == [(1, "absent", 0), (2, "absent", 0), (3, "wins", 2), (4, "loses", 1)]
    assert answer["Explanation"] == [
        "The rule push.example.com/live/* wins, by domain and app; its template is 2.",
        "The rule push.example.com/*/* with template 1 loses to it.",
        "Template 2 records MP4.",
        LAST.format("1 file"),
    ]


def test_a_template_without_a_format_says_do_not_record(world: World) -> None:
    world.rule(world.template("Flv"))
    world.rule(world.template(), stream="room-7")
    answer = explained(world)
    assert outcomes(answer)[1:] == [(2, "wins", 2), (3, "absent", 0), (4, "loses", 1)]
    assert answer["Explanation"][2:] == [
        "Template 2 records nothing: the template has no format on, which means: do not record.",
        LAST.format("no files"),
    ]
    world.publish()
    (publish,) = explained(world)["Publishes"]
    assert publish["Explanation"] == [
        "The rule push.example.com/*/room-7 won; its template 2 had no format on, which means: do not record.",
        "The rule push.example.com/*/* lost to it.",
        "No task was due when it began.",
    ]


def test_a_rule_and_a_task_record_a_stream_twice(world: World) -> None:
    world.rule(world.template("Flv", HlsSpecialParam={"FlowContinueDuration": 30}))
    task_id = world.task(TemplateId=world.template("Flv", "Mp4"))
    answer = explained(world)
    name = {
        "NamePattern": "{StreamID}_{StartYear}-{StartMonth}-{StartDay}-{StartHour}-{StartMinute}-{StartSecond}"
        "_{EndYear}-{EndMonth}-{EndDay}-{EndHour}-{EndMinute}-{EndSecond}",
        "NameExample": "room-7_2027-01-15-16-00-00_2027-01-15-16-30-00",
    }
    flv, mp4 = ({"Format": format_, "IntervalSeconds": 1800, **name} for format_ in ("flv", "mp4"))
    recorded = {"TemplateName": "t", "IsRecorded": 1, "Reason": ""}
    window = {"TaskId": task_id, "StartTime": int(BEGIN), "EndTime": int(BEGIN) + 600}
    assert answer["Recordings"] == [
        {"Source": "rule", "TemplateId": 1, "TaskId": "", **recorded, "ContinueSeconds": 30, "Files": [flv]},
        {"Source": "task", "TemplateId": 2, **window, **recorded, "ContinueSeconds": 0, "Files": [flv, mp4]},
    ]
    assert answer["Explanation"][1:] == [
        "Template 1 records FLV.",
        f"Task {task_id} records FLV and MP4 from 2027-01-15T08:00:00Z to 2027-01-15T08:10:00Z.",
        LAST.format("3 files"),
    ]


@pytest.mark.parametrize(
    ("fields", "later", "reason"),
    [
        ({}, "StopRecordTask", "it was stopped at 2027-01-15T08:00:00Z"),
        ({}, "DeleteRecordTask", "it was deleted at 2027-01-15T08:00:00Z"),
        ({"StreamType": 1}, "", "it records only what a mixer publishes under this name"),
        ({"StartTime": int(BEGIN) + 500}, "", "it begins at 2027-01-15T08:08:20Z"),
    ],
    ids=["stopped", "deleted", "mixed", "later"],
)
def test_a_task_that_does_not_record_says_why(world: World, fields: dict[str, Any], later: str, reason: str) -> None:
    task_id = world.task(**fields)
    if later:
        world.act(later, TaskId=task_id)
    answer = explained(world)
    assert answer["Explanation"][1:] == [f"Task {task_id} records nothing: {reason}.", LAST.format("no files")]


def test_a_task_without_a_template_records_hls(world: World) -> None:
    world.task()
    (recording,) = explained(world)["Recordings"]
    assert [(file["Format"], file["IntervalSeconds"]) for file in recording["Files"]] == [("hls", 0)]


def test_a_forbidden_stream_is_refused_and_so_were_its_publishes(world: World) -> None:
    world.rule(world.template("Flv"))
    world.act("ForbidLiveStream", **ADDRESS)
    with pytest.raises(NotAdmitted):
        world.publish()
    answer = explained(world)
    assert answer["RefusedBecause"] == "18.305 the stream is forbidden"
    assert answer["Explanation"][0] == "A publish now would be refused: 18.305 the stream is forbidden. But for that:"
    assert answer["Publishes"] == [
        {
            "SessionId": "",
            "State": "refused",
            "StartTime": "2027-01-15T08:00:00Z",
            "EndTime": "2027-01-15T08:00:00Z",
            "StopReason": "18.305 the stream is forbidden",
            "Recordings": [],
            "Explanation": ["It was refused: 18.305 the stream is forbidden."],
        }
    ]


def test_a_domain_that_asks_for_signed_pushes_says_so(world: World) -> None:
    world.act("AddLiveDomain", DomainName=STREAM.domain, DomainType=0)
    assert explained(world)["IsPushSigned"] == 1


def test_of_a_past_publish_is_told_what_was_decided_and_what_came_of_it(world: World) -> None:
    world.rule(world.template("Flv", "Hls"))
    task_id = world.task(TemplateId=world.template("Mp4"))
    world.publish()
    (session,) = world.sessions()
    session_id = session["session_id"]
    world.claim(session_id)
    assert [each["State"] for each in explained(world)["Publishes"]] == ["live"]

    world.now += 60
    flv = {"state": "ended", "files": 2, "file_id": "52"}
    hls = {"state": "failed", "files": 0, "reason": "AV1 is not for HLS"}
    world.change(session_id, outcomes={"template-1": {"flv": flv, "hls": hls}, f"task-{task_id}": {}})
    world.unpublish()
    for file_id in ("51", "52"):
        index(world, file_id, session_id, RecordFormat.FLV, "template-1")
    index(world, "53", "another session", RecordFormat.FLV, "template-1")
    world.act("DeleteLiveRecordRule", DomainName=STREAM.domain, AppName="", StreamName="")

    answer = explained(world)
    assert outcomes(answer) == [(priority, "absent", 0) for priority in (1, 2, 3, 4)]
    (publish,) = answer["Publishes"]
    files = [{"FileId": file_id, "Name": "room-7_2027"} for file_id in ("51", "52")]
    assert publish == {
        "SessionId": session_id,
        "State": "ended",
        "StartTime": "2027-01-15T08:00:00Z",
        "EndTime": "2027-01-15T08:01:00Z",
        "StopReason": CLIENT_CLOSED.message,
        "Recordings": [
            {
                "RecordingId": "template-1",
                "TemplateId": 1,
                "TaskId": "",
                "Formats": [
                    {"Format": "flv", "State": "ended", "Reason": "", "Files": files},
                    {"Format": "hls", "State": "failed", "Reason": "AV1 is not for HLS", "Files": []},
                ],
            },
            {
                "RecordingId": f"task-{task_id}",
                "TemplateId": 2,
                "TaskId": task_id,
                "Formats": [{"Format": "mp4", "State": "not begun", "Reason": "", "Files": []}],
            },
        ],
        "Explanation": [
            "The rule push.example.com/*/* won, with template 1.",
            f"The task {task_id} was due.",
            "template-1: FLV ended; 2 files.",
            "template-1: HLS failed: AV1 is not for HLS; 0 files.",
            f"task-{task_id}: MP4 not begun; 0 files.",
            "2 files came of it.",
        ],
    }


def test_of_a_task_that_is_over_for_long_its_files_are_told(world: World) -> None:
    first = world.task(TemplateId=world.template("Flv"))
    silent = world.task(TemplateId=world.template())
    world.publish()
    (session,) = world.sessions()
    world.now += 7200
    second = world.task(TemplateId=world.template("Mp4"))
    index(world, "51", session["session_id"], RecordFormat.FLV, f"task-{first}")
    (publish,) = explained(world)["Publishes"]
    known = {"RecordingId": f"task-{first}", "TemplateId": 0, "TaskId": first}
    files = [{"FileId": "51", "Name": "room-7_2027"}]
    flv = {"Format": "flv", "State": "ended", "Reason": "", "Files": files}
    assert publish["Recordings"][1:] == [{**known, "Formats": [flv]}]
    decided = [
        f"The task {first} was due; its recording is over.",
        f"The task {silent} was due; its template had no format on, which means: do not record.",
    ]
    assert publish["Explanation"] == [
        "No rule applied.",
        *(decided if publish["Explanation"][1] == decided[0] else decided[::-1]),
        f"task-{second}: MP4 not begun; 0 files.",
        f"task-{first}: FLV ended; 1 file.",
        "1 file came of it.",
    ]


def test_of_an_hls_file_that_waits_for_its_stream_that_is_told(world: World) -> None:
    world.rule(world.template("Hls"))
    world.publish()
    (session,) = world.sessions()
    world.claim(session["session_id"])
    world.change(session["session_id"], outcomes={"template-1": {"hls": {"state": "paused", "files": 0}}})
    world.unpublish()
    (publish,) = explained(world)["Publishes"]
    assert publish["Explanation"][2:] == [
        "template-1: HLS waits for its stream to return; 0 files.",
        "No file came of it yet.",
    ]


def test_of_a_publish_whose_recorder_did_not_start_that_is_told(world: World) -> None:
    world.rule(world.template("Flv"))
    world.ecs.refusal = "capacity"
    world.publish()
    world.now += 5
    world.unpublish()
    (publish,) = explained(world)["Publishes"]
    assert publish["Explanation"][2:] == [
        "template-1: FLV not begun; 0 files.",
        "Its recorder failed (1 of 3 tries): not launched: capacity.",
        "No file came of it.",
    ]


def test_of_a_publish_whose_decision_was_not_kept_the_rest_is_told(world: World) -> None:
    world.publish()
    del world.sessions()[0]["decision"]
    world.unpublish()
    assert explained(world)["Publishes"][0]["Explanation"] == ["No file came of it."]


def test_the_last_publishes_are_told_the_latest_first_and_of_this_stream_alone(world: World) -> None:
    for number in range(12):
        world.publish()
        world.now += 60
        world.unpublish()
        world.now += 60 + number
    world.publish()
    publishes = explained(world)["Publishes"]
    assert [each["State"] for each in publishes] == ["live", *["ended"] * 10]
    assert [each["StartTime"] for each in publishes] == sorted((each["StartTime"] for each in publishes), reverse=True)
    assert world.act("ExplainRecording", **(ADDRESS | {"StreamName": "another"}))["Publishes"] == []


def test_an_explanation_costs_the_same_however_much_there_is(world: World) -> None:
    world.rule(world.template("Flv"))
    for _ in range(12):
        world.publish()
        world.unpublish()
        world.now += 60
    world.table.calls.clear()
    explained(world)
    assert world.table.calls == ["get_many", *["query", "get_many"] * 3]
