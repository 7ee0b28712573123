"""Captured requests of SRS and nginx-rtmp, and what they mean."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.ingest import nginx_rtmp, srs
from chalicelib.ingest.dialects import DIALECTS
from chalicelib.ingest.hooks import (
    Hook,
    HookMalformed,
    HookUnknown,
    OtherHook,
    PlayHook,
    PublishHook,
    PublishRefused,
    UnpublishHook,
)
from chalicelib.recording.stream import StreamRef

VECTORS = Path(__file__).parents[2] / "vectors" / "hooks"
SESSION = "0123456789abcdef" * 2


def captured(name: str, default_domain: str = "") -> Hook:
    """The hook in a captured request."""
    head, _, body = (VECTORS / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    _, _, dialect, event = head.split(b" ")[1].decode().split("/")
    return DIALECTS[dialect].parse(event, body, default_domain=default_domain)


def of_srs(event: str = "on_publish", default_domain: str = "", **facts: Any) -> Hook:
    """A hook of SRS with some facts changed."""
    usual = {
        "server_id": "vid",
        "action": event,
        "client_id": "c",
        "ip": "203.0.113.7",
        "vhost": "__defaultVhost__",
        "app": "live",
        "tcUrl": "rtmp://push.example.com/live",
        "stream": "room-7",
        "param": "",
    }
    return srs.parse(event, json.dumps({**usual, **facts}).encode(), default_domain=default_domain)


def of_nginx(event: str = "on_publish", *, tcurl: str = "rtmp://push.example.com/live", query: str = "") -> Hook:
    """A hook of nginx-rtmp; the publisher's query is appended as nginx does."""
    ends = {"on_publish": "&type=live", "on_publish_done": "", "on_play": "&start=4294965296&duration=0&reset=0"}
    form = f"app=live&flashver=F&swfurl=&tcurl={quote(tcurl, safe='/:')}&pageurl=&addr=203.0.113.7&clientid=3&call=x"
    body = f"{form}&name=room-7{ends[event]}{'&' + query if query else ''}"
    return nginx_rtmp.parse(event, body.encode(), default_domain="")


CAM = StreamRef(domain="push.example.com", app="live", stream="cam1")
ROOM = StreamRef(domain="default.example.com", app="live", stream="room-7")
ATTACKER = StreamRef(domain="default.example.com", app="live", stream="attacker")


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        (
            "srs_01_on_publish",
            PublishHook(
                stream=CAM,
                client_id="1175344m",
                client_ip="127.0.0.1",
                param="vhost=push.example.com&txSecret=abc&txTime=5F30AA20&record_type=audio",
                dialect="srs",
                node="vid-5fx32wy",
            ),
        ),
        ("srs_02_on_play", PlayHook(app="live", stream="cam1", session_id="")),
        ("srs_03_on_unpublish", UnpublishHook(stream=CAM, client_id="1175344m")),
        (
            "nginx-rtmp_01_on_publish",
            PublishHook(
                stream=ROOM,
                client_id="1",
                client_ip="127.0.0.1",
                param="txSecret=0f1e&txTime=5F30AA20&record_type=audio",
                dialect="nginx-rtmp",
            ),
        ),
        ("nginx-rtmp_02_on_update", OtherHook()),
        ("nginx-rtmp_03_on_publish_done", UnpublishHook(stream=ROOM, client_id="1")),
        (
            "nginx-rtmp_04_on_publish_spoofing",
            PublishHook(
                stream=ATTACKER,
                client_id="5",
                client_ip="127.0.0.1",
                param="name=victim&app=other&addr=9.9.9.9&call=publish_done",
                dialect="nginx-rtmp",
            ),
        ),
        ("nginx-rtmp_05_on_publish_done_spoofing", UnpublishHook(stream=ATTACKER, client_id="5")),
    ],
)
def test_a_captured_request_means(name: str, meaning: Hook) -> None:
    assert captured(name, default_domain="default.example.com") == meaning


@pytest.mark.parametrize("name", ["srs_04_on_publish_to_be_refused", "nginx-rtmp_01_on_publish"])
def test_a_publish_that_names_no_push_domain_is_refused_unless_there_is_a_default(name: str) -> None:
    with pytest.raises(PublishRefused, match="the origin names no push domain"):
        captured(name)
    assert isinstance(captured(name, default_domain="default.example.com"), PublishHook)


@pytest.mark.parametrize(
    ("facts", "domain"),
    [
        ({}, "push.example.com"),
        ({"param": "?vhost=query.example.com"}, "query.example.com"),
        ({"param": "?vhost=query.example.com&vhost=second.example.com"}, "query.example.com"),
        ({"vhost": "vhost.example.com"}, "vhost.example.com"),
        ({"vhost": "vhost.example.com", "param": "?vhost=query.example.com"}, "query.example.com"),
        ({"tcUrl": "rtmp://10.0.0.1:1935/live"}, "default.example.com"),
        ({"tcUrl": "rtmp://[::1]/live"}, "default.example.com"),
        ({"tcUrl": "rtmp://localhost/live"}, "default.example.com"),
        ({"tcUrl": "rtmp://[broken/live"}, "default.example.com"),
        ({"tcUrl": ""}, "default.example.com"),
    ],
    ids=str,
)
def test_the_push_domain_in_a_hook_of_srs(facts: dict[str, str], domain: str) -> None:
    hook = of_srs(default_domain="default.example.com", **facts)
    assert isinstance(hook, PublishHook)
    assert hook.stream.domain == domain


@pytest.mark.parametrize(
    ("tcurl", "query", "domain"),
    [
        ("rtmp://push.example.com:1935/live", "", "push.example.com"),
        ("rtmp://push.example.com/live", "vhost=query.example.com", "push.example.com"),
        ("rtmp://10.0.0.1/live", "vhost=query.example.com", "query.example.com"),
        ("rtmp://localhost/live", "vhost=query.example.com", "query.example.com"),
    ],
)
def test_the_push_domain_in_a_hook_of_nginx_rtmp(tcurl: str, query: str, domain: str) -> None:
    hook = of_nginx(tcurl=tcurl, query=query)
    assert isinstance(hook, PublishHook)
    assert hook.stream.domain == domain


def test_a_recorder_that_plays_is_known_by_its_session() -> None:
    query = f"tapedeck_session={SESSION}&vhost=push.example.com"
    expected = PlayHook(app="live", stream="room-7", session_id=SESSION)
    assert of_srs("on_play", param=f"?{query}") == expected
    assert of_nginx("on_play", query=query) == expected


@pytest.mark.parametrize("name", ["a/b c+d", "../x", "直播间", "a&b=c", "100%"])
def test_names_of_any_spelling_come_through(name: str) -> None:
    hook = of_srs(stream=name)
    assert isinstance(hook, PublishHook)
    assert hook.stream.stream == name
    escaped = quote(name, safe="/+" if "&" not in name else "")
    body = f"app=live&tcurl=rtmp://push.example.com/live&addr=1&clientid=3&call=publish&name={escaped}&type=live"
    hook = nginx_rtmp.parse("on_publish", body.encode(), default_domain="")
    assert isinstance(hook, PublishHook)
    assert hook.stream.stream == name


@pytest.mark.parametrize("fact", ["client_id", "ip", "server_id", "param", "stream", "app", "vhost", "tcUrl"])
@pytest.mark.parametrize("event", ["on_publish", "on_unpublish", "on_play"])
def test_half_a_character_makes_a_hook_malformed(event: str, fact: str) -> None:
    with pytest.raises(HookMalformed, match=f"{fact} holds half a character"):
        of_srs(event, **{fact: "a\ud800"})


@pytest.mark.parametrize("fact", ["client_id", "ip", "server_id"])
def test_what_an_origin_says_of_a_connection_has_a_bound(fact: str) -> None:
    of_srs(**{fact: "x" * 1024})
    with pytest.raises(HookMalformed, match=f"{fact} is longer than 1024 bytes"):
        of_srs(**{fact: "x" * 1025})
    body = f"app=live&tcurl=rtmp://push.example.com/live&addr=1&clientid={'3' * 1025}&name=a&type=live"
    with pytest.raises(HookMalformed, match="clientid is longer than 1024 bytes"):
        nginx_rtmp.parse("on_publish", body.encode(), default_domain="")


@pytest.mark.parametrize("name", ["", "a\nb", "\x00", "room?x", "x" * 1025])
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(PublishRefused):
        of_srs(stream=name)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"app": 1}', b"\xff", b"app=live&name=x", b"[" * 100_000],
    ids=lambda body: repr(body[:20]),
)
@pytest.mark.parametrize("dialect", ["srs", "nginx-rtmp"])
def test_a_request_that_is_none_of_its_dialect_is_malformed(dialect: str, body: bytes) -> None:
    with pytest.raises(HookMalformed):
        DIALECTS[dialect].parse("on_publish", body, default_domain="default.example.com")


@pytest.mark.parametrize(("dialect", "event"), [("srs", "on_stop"), ("nginx-rtmp", "on_play_done")])
def test_other_events_of_a_dialect_mean_nothing(dialect: str, event: str) -> None:
    assert DIALECTS[dialect].parse(event, b"anything", default_domain="") == OtherHook()


@pytest.mark.parametrize(("dialect", "event"), [("srs", "on_publish_done"), ("nginx-rtmp", "on_unpublish")])
def test_an_event_of_another_dialect_is_unknown(dialect: str, event: str) -> None:
    with pytest.raises(HookUnknown):
        DIALECTS[dialect].parse(event, b"{}", default_domain="")
