"""Whole payloads, as wire.md lists their fields."""

import json
from dataclasses import replace

from chalicelib.notify import events
from chalicelib.recording import naming, session
from chalicelib.recording.finished_file import AudioTrack
from chalicelib.recording.orders import RecordFormat
from tests.fakes.world import BEGIN, FILE, HOOK

SESSION = session.opened(
    "5" * 32, HOOK, {}, decision={"rules": [], "tasks": []}, pull_base="rtmp://origin", now=BEGIN
).item


def test_event_1_a_push_has_started() -> None:
    event = events.push_started(SESSION, app_id=1_250_000_000)
    assert event.event_id == f"{'5' * 32}-1"
    assert event.payload == {
        "event_type": 1,
        "appid": 1_250_000_000,
        "app": "push.example.com",
        "appname": "live",
        "stream_id": "room-7",
        "channel_id": "room-7",
        "event_time": 1_800_000_000,
        "seq": "1800000000250",
        "sequence": "1800000000250070485",
        "session_id": "5" * 32,
        "node": "o1",
        "user_ip": "203.0.113.7",
        "stream_param": "a=b&record_type=video",
        "errcode": 0,
        "errmsg": "ok",
        "set_id": 7,
        "width": 0,
        "height": 0,
        "idc_id": 0,
    }


def test_event_0_a_push_has_stopped() -> None:
    started = events.push_started(SESSION, app_id=1_250_000_000)
    event = events.push_stopped(SESSION, events.CLIENT_CLOSED, app_id=1_250_000_000, now=BEGIN + 61.5)
    assert event.event_id == f"{'5' * 32}-0"
    assert event.payload == {
        **started.payload,
        "event_type": 0,
        "event_time": 1_800_000_061,
        "seq": "1800000061750",
        "push_duration": "61500",
        "errcode": 1,
        "errmsg": "the publisher has left",
    }


def test_event_100_of_a_file_that_a_rule_recorded() -> None:
    event = events.file_ready(FILE, app_id=1_250_000_000, media_base="https://media.example.com/media")
    assert event.event_id == "5000000000000000042-100"
    assert event.payload == {
        "event_type": 100,
        "appid": 1_250_000_000,
        "app": "push.example.com",
        "appname": "live",
        "stream_id": "room-7",
        "channel_id": "room-7",
        "record_temp_id": 1,
        "stream_param": "a=b",
        "seq": "1800000060750",
        "file_id": "5000000000000000042",
        "record_file_id": "5000000000000000042",
        "video_id": "5000000000000000042",
        "file_format": "mp4",
        "start_time": 1_800_000_000,
        "start_time_usec": 250_000,
        "end_time": 1_800_000_060,
        "end_time_usec": 750_000,
        "duration": 60,
        "file_size": 1_234_567,
        "video_url": "https://media.example.com/media/5000000000000000042/f0.mp4",
        "media_start_time": 135_802,
        "record_bps": 0,
        "callback_ext": f'{{"video_codec": "h264", "resolution": "640x352", "session_id": "{"5" * 32}"}}',
    }


def test_event_100_of_a_file_that_a_task_recorded_has_its_task_and_no_stream_param() -> None:
    by_rule = dict(events.file_ready(FILE, app_id=1, media_base="http://m/media").payload)
    by_task = events.file_ready(replace(FILE, task_id="t9"), app_id=1, media_base="http://m/media").payload
    assert (by_rule.pop("record_temp_id"), by_rule.pop("stream_param")) == (1, "a=b")
    assert by_task == {**by_rule, "task_id": "t9"}


def test_event_100_of_audio_names_no_video() -> None:
    audio = AudioTrack(codec="aac", sample_rate=48_000, channels=2, bits_per_second=128_000)
    file = replace(FILE, video=None, audio=audio, format=RecordFormat.HLS, key=naming.media_key("5", RecordFormat.HLS))
    payload = events.file_ready(file, app_id=1, media_base="http://m/media/").payload
    assert payload["file_format"] == "hls"
    assert payload["video_url"] == "http://m/media/5/playlist.m3u8"
    assert json.loads(payload["callback_ext"]) == {"video_codec": "", "resolution": "", "session_id": "5" * 32}
