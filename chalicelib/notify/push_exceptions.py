"""Event 321: what is wrong with a push, gathered over an interval, as wire.md, section 6, has it told. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from chalicelib.notify.events import CallbackEvent, EventType
from chalicelib.recording.stream import StreamRef


class PushTrouble(IntEnum):
    """`type` of the wire."""

    VIDEO_TIME_BACKWARDS = 1
    AUDIO_TIME_BACKWARDS = 2
    VIDEO_TIME_JUMP = 3
    AUDIO_TIME_JUMP = 4
    LARGE_CHUNK = 5
    VIDEO_GAP = 6
    AUDIO_GAP = 7
    VIDEO_CODEC_CHANGED = 8
    AUDIO_CODEC_CHANGED = 9
    NO_VIDEO_HEADER = 10
    NO_AUDIO_HEADER = 11
    AUDIO_INTERVAL = 12
    UNUSUAL_CODEC = 13
    HEADER_UNREADABLE = 14
    LOW_FRAME_RATE = 15
    LONG_GROUP = 16


DESCRIPTIONS: Mapping[PushTrouble, tuple[str, str]] = {
    PushTrouble.VIDEO_TIME_BACKWARDS: ("视频时间戳回退", "the video timestamp moved backwards"),
    PushTrouble.AUDIO_TIME_BACKWARDS: ("音频时间戳回退", "the audio timestamp moved backwards"),
    PushTrouble.VIDEO_TIME_JUMP: ("视频时间戳突然变大", "the video timestamp jumped by more than 1000 ms"),
    PushTrouble.AUDIO_TIME_JUMP: ("音频时间戳突然变大", "the audio timestamp jumped by more than 1000 ms"),
    PushTrouble.LARGE_CHUNK: ("chunk size 太大", "the chunk size is larger than 8192 bytes"),
    PushTrouble.VIDEO_GAP: ("两帧视频帧到达时间太长", "no video frame came for more than 3 s"),
    PushTrouble.AUDIO_GAP: ("两帧音频帧到达时间太长", "no audio frame came for more than 3 s"),
    PushTrouble.VIDEO_CODEC_CHANGED: ("视频编码发生变化", "the video codec changed"),
    PushTrouble.AUDIO_CODEC_CHANGED: ("音频编码发生变化", "the audio codec changed"),
    PushTrouble.NO_VIDEO_HEADER: ("缺少视频编码头", "video without a codec header"),
    PushTrouble.NO_AUDIO_HEADER: ("缺少音频编码头", "audio without a codec header"),
    PushTrouble.AUDIO_INTERVAL: ("音频时间戳间隔异常", "uneven audio timestamps"),
    PushTrouble.UNUSUAL_CODEC: ("编码格式不常见", "an unusual codec"),
    PushTrouble.HEADER_UNREADABLE: ("编码头解析失败", "a codec header that cannot be read"),
    PushTrouble.LOW_FRAME_RATE: ("视频帧率过低", "a low frame rate"),
    PushTrouble.LONG_GROUP: ("GOP 过大", "key frames more than 10 s apart"),
}
"""`type_desc_cn` and `type_desc_en`."""


@dataclass(frozen=True, kw_only=True)
class Abnormality:
    """One trouble of a push in an interval."""

    trouble: PushTrouble
    count: int
    details: Sequence[tuple[str, float]] = field(default=())
    """What was seen, and when (unix s); some of the `count`."""


def push_exception(
    event_id: str,
    stream: StreamRef,
    session_id: str,
    abnormalities: Sequence[Abnormality],
    *,
    at: float,
    interval_seconds: float,
    app_id: int,
) -> CallbackEvent:
    """Event 321 of the `interval_seconds` that ended `at` (unix s); `event_id` is one of a kind for that interval."""
    payload = {
        "event_type": int(EventType.PUSH_EXCEPTION),
        "appid": app_id,
        "domain": stream.domain,
        "path": stream.app,
        "stream_id": stream.stream,
        "data_time": _milliseconds(at),
        "report_interval": _milliseconds(interval_seconds),
        "seq": str(_milliseconds(at)),
        "session_id": session_id,
        "abnormal_event": [_abnormal_event(each) for each in abnormalities],
    }
    return CallbackEvent(
        event_id=event_id, event_type=EventType.PUSH_EXCEPTION, payload=payload, stream=stream, session_id=session_id
    )


def _abnormal_event(each: Abnormality) -> dict[str, Any]:
    chinese, english = DESCRIPTIONS[each.trouble]
    return {
        "type": int(each.trouble),
        "count": each.count,
        "detail": [{"desc": text, "occur_time": _milliseconds(at)} for text, at in each.details],
        "type_desc_cn": chinese,
        "type_desc_en": english,
    }


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
