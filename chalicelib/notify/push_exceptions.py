"""Event 321: what is wrong with a push, gathered over an interval, as wire.md, section 6, has it told. Pure."""

from collections.abc import Mapping
from typing import Any

from chalicelib.notify.events import CallbackEvent, EventType
from chalicelib.recording.push_report import Abnormality, PushReport, PushTrouble

DESCRIPTIONS: Mapping[PushTrouble, tuple[str, str]] = {
    PushTrouble.VIDEO_TIME_BACKWARDS: ("视频时间戳回退", "the video timestamp moved backwards"),
    PushTrouble.AUDIO_TIME_BACKWARDS: ("音频时间戳回退", "the audio timestamp moved backwards"),
    PushTrouble.VIDEO_TIME_JUMP: ("视频时间戳突然变大", "the video timestamp jumped by more than 1000 ms"),
    PushTrouble.AUDIO_TIME_JUMP: ("音频时间戳突然变大", "the audio timestamp jumped by more than 1000 ms"),
    PushTrouble.VIDEO_GAP: ("两帧视频帧到达时间太长", "no video frame came for more than 3 s"),
    PushTrouble.AUDIO_GAP: ("两帧音频帧到达时间太长", "no audio frame came for more than 3 s"),
    PushTrouble.VIDEO_CODEC_CHANGED: ("视频编码发生变化", "the video codec changed"),
    PushTrouble.AUDIO_CODEC_CHANGED: ("音频编码发生变化", "the audio codec changed"),
    PushTrouble.NO_VIDEO_HEADER: ("缺少视频编码头", "video without a codec header"),
    PushTrouble.NO_AUDIO_HEADER: ("缺少音频编码头", "audio without a codec header"),
    PushTrouble.AUDIO_INTERVAL: ("音频时间戳间隔异常", "uneven audio timestamps"),
    PushTrouble.LONG_GROUP: ("GOP 过大", "key frames more than 10 s apart"),
}
"""`type_desc_cn` and `type_desc_en`."""


def push_exception(report: PushReport, *, app_id: int) -> CallbackEvent:
    """The event of a report."""
    payload = {
        "event_type": int(EventType.PUSH_EXCEPTION),
        "appid": app_id,
        "domain": report.stream.domain,
        "path": report.stream.app,
        "stream_id": report.stream.stream,
        "data_time": _milliseconds(report.at),
        "report_interval": _milliseconds(report.interval_seconds),
        "seq": str(_milliseconds(report.at)),
        "session_id": report.session_id,
        "abnormal_event": [_abnormal_event(each) for each in report.abnormalities],
    }
    return CallbackEvent(
        event_id=f"{report.report_id}-{int(EventType.PUSH_EXCEPTION)}",
        event_type=EventType.PUSH_EXCEPTION,
        payload=payload,
        stream=report.stream,
        session_id=report.session_id,
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
