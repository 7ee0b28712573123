"""RTMP as a player speaks it: values, and the talk with a server."""

import struct

import pytest

from chalicelib.recording.stream import StreamRef
from recorder_task.pull.flv_tags import AUDIO_TAG, VIDEO_TAG, Tag
from recorder_task.pull.rtmp.amf0 import NotAmf0, Value, decoded, encoded
from recorder_task.pull.rtmp.chunks import ChunkReader, chunked
from recorder_task.pull.rtmp.player import (
    ACKNOWLEDGEMENT,
    AGGREGATE,
    COMMAND,
    HANDSHAKE_BYTES,
    HELLO,
    PEER_BANDWIDTH,
    USER_CONTROL,
    WINDOW_SIZE,
    Player,
    Refused,
)
from recorder_task.pull.rtmp.pull import parts_of
from tests.unit.recorder.rtmp_chunks import head

GREETING = HELLO + bytes(HANDSHAKE_BYTES)
START = encoded(["onStatus", 0, None, {"level": "status", "code": "NetStream.Play.Start"}])


def player() -> Player:
    """One that has said hello."""
    found = Player(application="live", name="room-7?vhost=a", address="rtmp://origin/live")
    found.outgoing.clear()
    return found


def playing() -> Player:
    """One whose stream plays."""
    found = player()
    found.feed(GREETING)
    for command in (encoded(["_result", 1, None, None]), encoded(["_result", 2, None, 1]), START):
        found.feed(chunked(COMMAND, command, chunk_stream=3))
    found.outgoing.clear()
    return found


def said(found: Player) -> list[Tag]:
    """What a player has to say, as its server reads it."""
    return ChunkReader().feed(bytes(found.outgoing))


VALUES: list[Value] = ["play", 1.5, True, None, {"code": "x", "deep": {"n": 2.0}}, [1.0, "a"], ""]


def test_values_are_read_as_they_were_written() -> None:
    assert decoded(encoded(VALUES)) == VALUES


def test_an_array_with_names_is_an_object() -> None:
    named = encoded([{"a": 1.0}])
    assert decoded(b"\x08" + struct.pack(">I", 1) + named[1:]) == [{"a": 1.0}]


@pytest.mark.parametrize("content", [b"\x00\x01", b"\x08\x00", b"\x03\x00\x01a", b"\x21"], ids=repr)
def test_bytes_that_are_no_values_are_refused(content: bytes) -> None:
    with pytest.raises(NotAmf0):
        decoded(content)


def test_a_player_greets_connects_and_plays() -> None:
    found = player()
    assert found.feed(GREETING[:100]) == []
    assert not found.outgoing
    found.feed(GREETING[100:])
    assert bytes(found.outgoing[:HANDSHAKE_BYTES]) == GREETING[1 : 1 + HANDSHAKE_BYTES]
    del found.outgoing[:HANDSHAKE_BYTES]
    ((kind, _, body),) = said(found)
    name, transaction, facts = decoded(body)
    assert isinstance(facts, dict)
    assert (kind, name, transaction, facts["app"], facts["tcUrl"]) == (
        COMMAND,
        "connect",
        1.0,
        "live",
        "rtmp://origin/live",
    )
    found.outgoing.clear()
    found.feed(chunked(COMMAND, encoded(["_result", 1, None, None]), chunk_stream=3))
    assert [decoded(each.body) for each in said(found)] == [["createStream", 2.0, None]]
    found.outgoing.clear()
    found.feed(chunked(COMMAND, encoded(["_result", 2, None, 1]), chunk_stream=3))
    play, buffer_length = said(found)
    assert decoded(play.body) == ["play", 0.0, None, "room-7?vhost=a", -1.0]
    assert buffer_length.kind == USER_CONTROL
    assert not found.is_playing
    found.feed(chunked(COMMAND, START, chunk_stream=3))
    assert found.is_playing


def test_media_is_handed_on_and_nothing_else() -> None:
    found = playing()
    content = chunked(VIDEO_TAG, b"v", chunk_stream=6) + chunked(18, b"\x02\x00\x01a", chunk_stream=5)
    assert found.feed(content + chunked(AUDIO_TAG, b"a", chunk_stream=4)) == [
        Tag(VIDEO_TAG, 0, b"v"),
        Tag(AUDIO_TAG, 0, b"a"),
    ]


def test_an_aggregate_is_its_parts_beginning_at_its_own_time() -> None:
    def part(kind: int, milliseconds: int, body: bytes) -> bytes:
        tag = bytes([kind]) + len(body).to_bytes(3, "big") + milliseconds.to_bytes(3, "big") + bytes(4) + body
        return tag + len(tag).to_bytes(4, "big")

    body = part(VIDEO_TAG, 70, b"v") + part(18, 75, b"m") + part(AUDIO_TAG, 80, b"a")
    content = head(0, 6, 1000, len(body), AGGREGATE) + body
    assert playing().feed(content) == [Tag(VIDEO_TAG, 1000, b"v"), Tag(AUDIO_TAG, 1010, b"a")]


def test_a_server_is_answered_and_told_what_arrived() -> None:
    found = playing()
    found.feed(chunked(USER_CONTROL, b"\x00\x06time", chunk_stream=2))
    found.feed(chunked(PEER_BANDWIDTH, bytes(5), chunk_stream=2))
    assert [each.kind for each in said(found)] == [USER_CONTROL, WINDOW_SIZE]
    assert said(found)[0].body == b"\x00\x07time"
    found.outgoing.clear()
    found.feed(chunked(WINDOW_SIZE, (4000).to_bytes(4, "big"), chunk_stream=2))
    found.feed(chunked(VIDEO_TAG, bytes(2000), chunk_stream=6))
    assert said(found)[-1].kind == ACKNOWLEDGEMENT


@pytest.mark.parametrize("code", ["NetStream.Play.UnpublishNotify", "NetStream.Play.Stop"])
def test_a_stream_ends_where_the_server_says_so(code: str) -> None:
    found = playing()
    found.feed(chunked(COMMAND, encoded(["onStatus", 0, None, {"level": "status", "code": code}]), chunk_stream=3))
    assert found.has_ended


@pytest.mark.parametrize(
    "command",
    [
        ["_error", 1, None, {"level": "error", "description": "no such app"}],
        ["onStatus", 0, None, {"level": "error", "code": "NetStream.Play.StreamNotFound"}],
    ],
    ids=["connect", "play"],
)
def test_a_refusal_is_an_error_with_its_reason(command: list[Value]) -> None:
    found = player()
    found.feed(GREETING)
    with pytest.raises(Refused, match=r"no such app|StreamNotFound"):
        found.feed(chunked(COMMAND, encoded(command), chunk_stream=3))


def test_a_server_of_another_protocol_is_told_apart() -> None:
    with pytest.raises(ValueError, match="no plain RTMP"):
        player().feed(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("app", "name", "query"),
    [
        ("live", "room-7", "?tapedeck_session=5&vhost=push.example.com"),
        ("a/b", "room-7", "?x=1"),
        ("live", "room/7", "?x=1"),
        ("a/b", "c/d/e", ""),
        ("a?b", "c#d?e", "?x=/live/room-7"),
        ("live", "live", "?x=live/live"),
    ],
    ids=["usual", "an app with a slash", "a stream with one", "both", "what URLs are made of", "the same name"],
)
@pytest.mark.parametrize(("base", "folder"), [("rtmp://origin:1935", ""), ("rtmps://user:word@origin", "edge/")])
def test_an_address_is_taken_apart_where_its_names_are(base: str, folder: str, app: str, name: str, query: str) -> None:
    stream = StreamRef(domain="push.example.com", app=app, stream=name)
    assert parts_of(f"{base}/{folder}{app}/{name}{query}", stream) == (base, folder + app, name + query)
