"""An RTMP server for one player: it says yes to everything and sends what a test gives it, in the test's rhythm."""

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType

from chalicelib.recording.stream import StreamRef
from recorder_task.pull.rtmp.amf0 import Value, decoded, encoded
from recorder_task.pull.rtmp.chunks import ChunkReader, chunked
from recorder_task.pull.rtmp.player import COMMAND, HANDSHAKE_BYTES, HELLO

Send = Callable[[bytes], None]
STREAM = StreamRef(domain="push.example.com", app="live", stream="room-7")
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
STARTED = encoded(["onStatus", 0, None, {"level": "status", "code": "NetStream.Play.Start"}])


class RtmpOrigin:
    """`with RtmpOrigin(play) as origin:`; `play(send)` sends chunks, then the connection ends.

    Where it raises ConnectionResetError the connection is broken off instead, without a word.
    """

    def __init__(self, play: Callable[[Send], None]) -> None:
        self.asked_for: list[Value] = []
        """The application and the name that the player wants."""
        self._play = play
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self) -> str:
        """Where to pull from."""
        return f"rtmp://127.0.0.1:{self._server.getsockname()[1]}/live/room-7"

    def __enter__(self) -> "RtmpOrigin":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection, connection.makefile("rb") as received:
            received.read(len(HELLO))
            connection.sendall(HELLO + bytes(HANDSHAKE_BYTES))
            received.read(HANDSHAKE_BYTES)
            reader = ChunkReader()
            while True:
                for message in reader.feed(received.read1(65536)):
                    values: list[Value] = decoded(message.body) if message.kind == COMMAND else ["", 0.0]
                    name, transaction, *_ = values
                    if name == "connect" and isinstance(values[2], dict):
                        self.asked_for.append(values[2]["app"])
                    if name == "play":
                        self.asked_for.append(values[3])
                        connection.sendall(chunked(COMMAND, STARTED, chunk_stream=3))
                        try:
                            self._play(connection.sendall)
                        except ConnectionResetError:
                            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
                            return
                        connection.shutdown(socket.SHUT_WR)
                        received.read()  # closed with something unread, the connection would lose what is under way
                        return
                    if name in ("connect", "createStream"):
                        answer = encoded(["_result", transaction, None, 1])
                        connection.sendall(chunked(COMMAND, answer, chunk_stream=3))
