"""Event 321, whole."""

from chalicelib.notify.push_exceptions import DESCRIPTIONS, Abnormality, PushTrouble, push_exception
from tests.fakes.world import BEGIN, STREAM


def test_event_321_of_a_push_whose_video_comes_late() -> None:
    late = Abnormality(
        trouble=PushTrouble.VIDEO_GAP,
        count=3,
        details=[("no video frame for 3046 ms", BEGIN - 2), ("no video frame for 4001 ms", BEGIN - 1.5)],
    )
    changed = Abnormality(trouble=PushTrouble.AUDIO_CODEC_CHANGED, count=1)
    event = push_exception(
        "5-321-1", STREAM, "5" * 32, [late, changed], at=BEGIN, interval_seconds=60, app_id=1_250_000_000
    )
    assert (event.event_id, event.stream, event.session_id) == ("5-321-1", STREAM, "5" * 32)
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
