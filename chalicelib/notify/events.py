"""The events a customer is told of, with the payloads of wire.md, section 6. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from chalicelib.attribute_values import Item
from chalicelib.recording import naming
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.stream import StreamRef


class EventType(IntEnum):
    """`event_type` of the wire."""

    PUSH_STOPPED = 0
    PUSH_STARTED = 1
    FILE_READY = 100
    PUSH_EXCEPTION = 321
    RECORD_STATUS = 332
    RECORD_EXCEPTION = 341


URL_FIELD: Mapping[EventType, str] = {
    EventType.PUSH_STOPPED: "StreamEndNotifyUrl",
    EventType.PUSH_STARTED: "StreamBeginNotifyUrl",
    EventType.FILE_READY: "RecordNotifyUrl",
    EventType.PUSH_EXCEPTION: "PushExceptionNotifyUrl",
    EventType.RECORD_STATUS: "RecordStatusNotifyUrl",
    EventType.RECORD_EXCEPTION: "RecordExceptionNotifyUrl",
}
"""Where a callback template says where to."""
SET_ID = 7
"""The vendor's 1–6 are its clusters in mainland China, 7–200 those elsewhere."""


SALT = 10**6


def numbered(at: float) -> dict[str, str]:
    """`seq` of an event of ours: the unix milliseconds of what it tells, so that a receiver can order what it gets."""
    return {"seq": str(round(at * 1000))}


def sequence_of(session: Item) -> str:
    """`sequence` of a publish, 19 digits: it rises from one publish of a stream to the next, and is one of a kind."""
    return f"{round(session['published_at'] * 1000)}{int(session['session_id'], 16) % SALT:06d}"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Why a push stopped: `errcode` and `errmsg` of the wire."""

    code: int
    message: str


CLIENT_CLOSED = Ending(code=1, message="the publisher has left")
REPLACED = Ending(code=21, message="21.102 replaced by a newer push")


@dataclass(frozen=True, kw_only=True)
class CallbackEvent:
    """One event: its payload less `t` and `sign`, and the ids by which logs know it."""

    event_id: str
    """One of a kind for what happened, so that an event told twice is written once."""
    event_type: EventType
    payload: Mapping[str, Any]
    stream: StreamRef
    session_id: str
    file_id: str = ""


def push_started(session: Item, *, app_id: int) -> CallbackEvent:
    """Event 1, of a session's item."""
    at = session["published_at"]
    facts = {"event_time": int(at), **numbered(at), "errcode": 0, "errmsg": "ok"}
    return _push(EventType.PUSH_STARTED, session, app_id, facts)


def push_stopped(session: Item, ending: Ending, *, app_id: int, now: float) -> CallbackEvent:
    """Event 0, of a session's item, at the end of its publish; two functions' clocks may differ."""
    ended_at = max(now, session["published_at"] + 0.001)
    facts = {
        "event_time": int(ended_at),
        **numbered(ended_at),
        "push_duration": str(round((ended_at - session["published_at"]) * 1000)),
        "errcode": ending.code,
        "errmsg": ending.message,
    }
    return _push(EventType.PUSH_STOPPED, session, app_id, facts)


def _push(event_type: EventType, session: Item, app_id: int, facts: Mapping[str, Any]) -> CallbackEvent:
    stream = StreamRef(domain=session["domain"], app=session["app"], stream=session["stream"])
    session_id = session["session_id"]
    payload = {
        "event_type": int(event_type),
        **address(stream, app_id),
        "sequence": sequence_of(session),
        "session_id": session_id,
        "node": session["node"],
        "user_ip": session["client_ip"],
        "stream_param": session["stream_param"],
        "set_id": SET_ID,
        "width": 0,
        "height": 0,
        "idc_id": 0,
        **facts,
    }
    return CallbackEvent(
        event_id=f"{session_id}-{int(event_type)}",
        event_type=event_type,
        payload=payload,
        stream=stream,
        session_id=session_id,
    )


def file_ready(file: FinishedFile, *, app_id: int, media_base: str) -> CallbackEvent:
    """Event 100. A task's file carries its task and no stream_param, a rule's file its template."""
    start_seconds, start_microseconds = _moment(file.started_at)
    end_seconds, end_microseconds = _moment(file.ended_at)
    made_by = (
        {"task_id": file.task_id}
        if file.task_id
        else {"record_temp_id": file.template_id, "stream_param": file.stream_param}
    )
    video = file.video
    extension = {
        "video_codec": video.codec if video else "",
        "resolution": f"{video.width}x{video.height}" if video else "",
        "session_id": file.session_id,
    }
    payload = {
        "event_type": int(EventType.FILE_READY),
        **address(file.stream, app_id),
        **made_by,
        **numbered(file.ended_at),
        "file_id": file.file_id,
        "record_file_id": file.file_id,
        "video_id": file.file_id,
        "file_format": str(file.format),
        "start_time": start_seconds,
        "start_time_usec": start_microseconds,
        "end_time": end_seconds,
        "end_time_usec": end_microseconds,
        "duration": round(file.duration_seconds),
        "file_size": file.size_bytes,
        "video_url": naming.playback_url(media_base, file.key),
        "media_start_time": file.media_start_ms,
        "record_bps": 0,
        "callback_ext": json.dumps(extension),
    }
    return CallbackEvent(
        event_id=f"{file.file_id}-{int(EventType.FILE_READY)}",
        event_type=EventType.FILE_READY,
        payload=payload,
        stream=file.stream,
        session_id=file.session_id,
        file_id=file.file_id,
    )


def address(stream: StreamRef, app_id: int) -> dict[str, Any]:
    """How most events name a stream: the push domain is `app`, the app name `appname`."""
    return {
        "appid": app_id,
        "app": stream.domain,
        "appname": stream.app,
        "stream_id": stream.stream,
        "channel_id": stream.stream,
    }


def _moment(at: float) -> tuple[int, int]:
    """Unix seconds, and the microseconds beyond them."""
    seconds, microseconds = divmod(round(at * 1_000_000), 1_000_000)
    return seconds, microseconds
