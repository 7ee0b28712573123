"""A player's side of one RTMP connection: handshake, commands, and the tags of the stream it plays. Pure.

connecting ──S0 S1 S2──▶ connect ──_result──▶ createStream ──_result──▶ play ──tags──▶ over

Source: Adobe RTMP specification 1.0, sections 5.2 (handshake), 5.4 (control messages), 7.2 (commands).
"""

from recorder_task.pull.flv_tags import AUDIO_TAG, SIZE_BYTES, TAG_HEADER_BYTES, VIDEO_TAG, Tag
from recorder_task.pull.rtmp.amf0 import NotAmf0, Value, decoded, encoded
from recorder_task.pull.rtmp.chunks import ChunkReader, chunked

VERSION = 3
HANDSHAKE_BYTES = 1536
HELLO = bytes([VERSION]) + bytes(HANDSHAKE_BYTES)
"""C0 and C1; four zero bytes behind the time say that the handshake is the plain one of the specification."""
ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = 3, 4, 5, 6
COMMAND_AMF3, COMMAND, AGGREGATE = 17, 20, 22
PING, PONG, BUFFER_LENGTH = 6, 7, 3
CONTROL_STREAM, COMMAND_STREAM = 2, 3
CONNECT, CREATE_STREAM = 1, 2
OUR_WINDOW_BYTES = 2_500_000
BUFFER_MS = 3000
"""What a player of ours would hold: servers send that much at once, and keep no less for a slow reader."""
ENDS = frozenset({"NetStream.Play.Stop", "NetStream.Play.UnpublishNotify", "NetStream.Play.Complete"})
WITH_AUDIO_AND_VIDEO = {"audioCodecs": 4071.0, "videoCodecs": 252.0, "videoFunction": 1.0, "capabilities": 15.0}


class Refused(OSError):
    """The server does not play this stream, at least not now."""


class Player:
    """Plays `name`, query included, of `application`; what it has to say waits in `outgoing` from the beginning."""

    def __init__(self, *, application: str, name: str, address: str) -> None:
        self.outgoing = bytearray(HELLO)
        self.is_playing = False
        """The server has said so, or has sent media."""
        self.has_ended = False
        self._application = application
        self._name = name
        self._address = address
        self._greeting: bytearray | None = bytearray()
        self._chunks = ChunkReader()
        self._stream_id = 0
        self._window_bytes = OUR_WINDOW_BYTES
        self._received_bytes = self._acknowledged_bytes = 0

    def feed(self, data: bytes | bytearray | memoryview) -> list[Tag]:
        """The audio and video that the next bytes complete; raises Refused, ValueError for what is no RTMP."""
        self._received_bytes += len(data)
        if self._received_bytes - self._acknowledged_bytes >= self._window_bytes // 2:
            self._acknowledged_bytes = self._received_bytes
            self._control(ACKNOWLEDGEMENT, (self._received_bytes & 0xFFFFFFFF).to_bytes(4, "big"))
        if self._greeting is not None:
            data = self._greet(self._greeting, data)
        tags: list[Tag] = []
        for message in self._chunks.feed(data):
            kind = message[0]
            if kind in (AUDIO_TAG, VIDEO_TAG):
                tags.append(message)
            elif kind == AGGREGATE:
                tags += _parts(message)
            else:
                self._obey(message)
        if tags:
            self.is_playing = True
        return tags

    def _greet(self, greeting: bytearray, data: bytes | bytearray | memoryview) -> bytes:
        """Take the server's half of the handshake; returns what came behind it."""
        greeting += data
        if greeting[0] != VERSION:
            raise ValueError("the server speaks no plain RTMP")
        if len(greeting) < 1 + 2 * HANDSHAKE_BYTES:
            return b""
        self._greeting = None
        self.outgoing += greeting[1 : 1 + HANDSHAKE_BYTES]
        facts: Value = {
            "app": self._application,
            "flashVer": "LNX 9,0,124,2",
            "tcUrl": self._address,
            "fpad": False,
            **WITH_AUDIO_AND_VIDEO,
        }
        self._command("connect", CONNECT, facts)
        return bytes(greeting[1 + 2 * HANDSHAKE_BYTES :])

    def _obey(self, message: Tag) -> None:
        kind, body = message.kind, message.body
        if kind == USER_CONTROL and int.from_bytes(body[:2], "big") == PING:
            self._control(USER_CONTROL, PONG.to_bytes(2, "big") + body[2:6])
        elif kind == WINDOW_SIZE:
            self._window_bytes = int.from_bytes(body[:4], "big") or OUR_WINDOW_BYTES
        elif kind == PEER_BANDWIDTH:
            self._control(WINDOW_SIZE, OUR_WINDOW_BYTES.to_bytes(4, "big"))
        elif kind in (COMMAND, COMMAND_AMF3):
            try:
                self._answer(decoded(body if kind == COMMAND else body[1:]))
            except NotAmf0:
                return  # a command nobody waits for

    def _answer(self, values: list[Value]) -> None:
        match values:
            case ["_result", transaction, *_] if transaction == CONNECT:
                self._command("createStream", CREATE_STREAM, None)
            case ["_result", transaction, _, float(stream_id), *_] if transaction == CREATE_STREAM:
                self._stream_id = int(stream_id)
                self._command("play", 0, None, self._name, -1)
                buffer_length = self._stream_id.to_bytes(4, "big") + BUFFER_MS.to_bytes(4, "big")
                self._control(USER_CONTROL, BUFFER_LENGTH.to_bytes(2, "big") + buffer_length)
            case ["_error", transaction, _, *details] if transaction in (CONNECT, CREATE_STREAM):
                raise Refused(_reason(details))
            case ["onStatus", _, _, {"level": "error"} as facts, *_]:
                raise Refused(_reason([facts]))
            case ["onStatus", _, _, {"code": str(code)}, *_] if code in ENDS:
                self.has_ended = True
            case ["onStatus", _, _, {"code": "NetStream.Play.Start"}, *_]:
                self.is_playing = True

    def _command(self, name: str, transaction: int, *values: Value) -> None:
        body = encoded([name, transaction, *values])
        self.outgoing += chunked(COMMAND, body, chunk_stream=COMMAND_STREAM, message_stream=self._stream_id)

    def _control(self, kind: int, body: bytes) -> None:
        self.outgoing += chunked(kind, body, chunk_stream=CONTROL_STREAM)


def _reason(details: list[Value]) -> str:
    facts = next((each for each in details if isinstance(each, dict)), {})
    return str(facts.get("description") or facts.get("code") or "the server refuses")


def _parts(message: Tag) -> list[Tag]:
    """The audio and video of an aggregate: tags as in a file, their times relative to the first one's."""
    body, at, first_ms = message.body, 0, None
    tags = []
    while at + TAG_HEADER_BYTES <= len(body):
        body_at = at + TAG_HEADER_BYTES
        end = body_at + int.from_bytes(body[at + 1 : at + 4], "big")
        milliseconds = int.from_bytes(body[at + 4 : at + 7], "big") | body[at + 7] << 24
        first_ms = milliseconds if first_ms is None else first_ms
        if body[at] in (AUDIO_TAG, VIDEO_TAG) and end <= len(body):
            tags.append(Tag(body[at], message.milliseconds + milliseconds - first_ms & 0xFFFFFFFF, body[body_at:end]))
        at = end + SIZE_BYTES
    return tags
