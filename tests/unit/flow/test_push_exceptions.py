"""Event 321: its payload, and its way from a recorder's report."""

from dataclasses import replace

import pytest

from chalicelib.notify.push_exceptions import DESCRIPTIONS, push_exception
from chalicelib.recording import naming
from chalicelib.recording.created_objects import take
from chalicelib.recording.push_report import Abnormality, PushReport, PushTrouble
from tests.fakes.world import BEGIN, STREAM, World, notification

REPORT = PushReport(
    report_id="5-1-push-1",
    stream=STREAM,
    session_id="5" * 32,
    at=BEGIN,
    interval_seconds=60,
    abnormalities=(Abnormality(trouble=PushTrouble.LONG_GROUP, count=2, details=(("12 s", BEGIN - 3),)),),
)


def test_event_321_of_a_push_whose_video_comes_late() -> None:
    late = Abnormality(
        trouble=PushTrouble.VIDEO_GAP,
        count=3,
        details=[("no video frame for 3046 ms", BEGIN - 2), ("no video frame for 4001 ms", BEGIN - 1.5)],
    )
    changed = Abnormality(trouble=PushTrouble.AUDIO_CODEC_CHANGED, count=1)
    event = push_exception(replace(REPORT, abnormalities=[late, changed]), app_id=1_250_000_000)
    assert (event.event_id, event.stream, event.session_id) == ("5-1-push-1-321", STREAM, "5" * 32)
    assert event.payload == {
        "event_type": 321,
        "appid": 1_250_000_000,
        "domain": "push.example.com",
        "path": "live",
        "stream_id": "room-7",
        "data_time": 1_800_000_000_250,
        "report_interval": 60_000,
        "seq": "1800000000250",
        "session_id": "5" * 32,
        "abnormal_event": [
            {
                "type": 6,
                "count": 3,
                "detail": [
                    {"desc": "no video frame for 3046 ms", "occur_time": 1_799_999_998_250},
                    {"desc": "no video frame for 4001 ms", "occur_time": 1_799_999_998_750},
                ],
                "type_desc_cn": "两帧视频帧到达时间太长",
                "type_desc_en": "no video frame came for more than 3 s",
            },
            {
                "type": 9,
                "count": 1,
                "detail": [],
                "type_desc_cn": "音频编码发生变化",
                "type_desc_en": "the audio codec changed",
            },
        ],
    }


def test_every_type_is_described() -> None:
    assert DESCRIPTIONS.keys() == set(PushTrouble)


def test_a_report_of_a_push_is_read_as_it_was_written() -> None:
    assert PushReport.from_json(REPORT.to_json()) == REPORT


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", REPORT.to_json().replace(b'"version": 1', b'"version": 2')], ids=str
)
def test_what_is_no_report_of_a_push_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a report of a push"):
        PushReport.from_json(content)


def told(world: World, report: PushReport = REPORT) -> list[int]:
    key = naming.push_report_key(report.report_id)
    world.objects[key] = report.to_json()
    take(world.table, notification(key), now=world.now)
    return [event["event_type"] for event in world.events()]


def test_a_report_of_a_push_is_told_once_to_who_asks_for_it(world: World) -> None:
    world.callbacks(PushExceptionNotifyUrl="http://127.0.0.1:2/push")
    assert told(world) == [321]
    assert told(world) == [321]
    (event,) = world.events()
    assert event["url"] == "http://127.0.0.1:2/push"
    assert event["payload"]["abnormal_event"][0]["detail"] == [{"desc": "12 s", "occur_time": 1_799_999_997_250}]


def test_who_asks_for_no_reports_of_pushes_gets_none(world: World) -> None:
    world.callbacks()
    assert told(world) == []


def test_a_report_that_lies_under_another_s_name_is_refused(world: World) -> None:
    world.objects[naming.push_report_key("another")] = REPORT.to_json()
    with pytest.raises(ValueError, match="is report 5-1-push-1"):
        take(world.table, notification(naming.push_report_key("another")), now=world.now)
