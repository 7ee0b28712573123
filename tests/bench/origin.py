"""Where the recorders of the bench pull from: the local stack's origin in real time, or one that sends faster."""

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.child import Child
from infra.local.settings import ROOT
from recorder_task.pull.flv_tags import FlvReader
from recorder_task.pull.rtmp.chunks import SET_CHUNK_SIZE, chunked
from tests.bench.clip import MADE_SECONDS
from tests.bench.contestants import FFMPEG
from tests.fakes.hook_server import HookServer
from tests.fakes.rtmp_origin import RtmpOrigin, Send
from tests.fakes.serving import serving

CHUNK_BYTES = 1 << 20
AS_LIVE_SECONDS = 10
"""So long at its end even a hurried stream takes its time: whoever pulls it is as far as one of a live stream is."""
STEP_MS = 500


@contextmanager
def live(clip: Path, folder: Path) -> Iterator[str]:
    """The RTMP address of a clip that is published in real time to the local stack's origin, whose hooks allow all."""
    lines: queue.Queue[str] = queue.Queue()
    with serving(HookServer().application()) as hooks:
        environment = {**os.environ, "ORIGIN_PORT": "0", "ORIGIN_HOOKS": f"{hooks}/hooks/srs", "ORIGIN_SECRET": "bench"}
        command = ["node", str(ROOT / "infra" / "local" / "origin.js")]
        origin = Child("the origin", command, environment, log=folder / "origin.log", on_line=lines.put)
        url = f"rtmp://127.0.0.1:{json.loads(lines.get(timeout=20))['port']}/live/room-7"
        publish = ["-v", "quiet", "-nostdin", "-re", "-i", str(clip), "-c", "copy", "-f", "flv", url]
        with subprocess.Popen([FFMPEG, *publish]) as publisher:
            try:
                yield url
            finally:
                publisher.terminate()
        origin.stop(10)


class HurriedOrigin:
    """`with HurriedOrigin(clip, seconds=7200, speed=60) as origin:`; a clip over and over, to one player."""

    def __init__(self, clip: Path, *, seconds: int, speed: float) -> None:
        self._messages = [
            (tag.milliseconds, *_message(tag.kind, tag.body)) for tag in FlvReader().feed(clip.read_bytes())
        ]
        self._seconds = seconds
        self._speed = speed
        self.sent_seconds = 0.0
        """Of the stream."""
        self.ended_at = 0.0
        """Monotonic: when the last byte was sent."""
        self.has_ended = threading.Event()
        self._origin = RtmpOrigin(self._play)

    @property
    def url(self) -> str:
        """Where to pull from."""
        return self._origin.url

    def __enter__(self) -> "HurriedOrigin":
        self._origin.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._origin.__exit__(None, None, None)

    def _play(self, send: Send) -> None:
        send(chunked(SET_CHUNK_SIZE, CHUNK_BYTES.to_bytes(4, "big"), chunk_stream=2))
        due = time.monotonic()
        step, step_ms = bytearray(), 0
        for milliseconds, before, after in self._stamped():
            if milliseconds >= step_ms + STEP_MS:
                send(bytes(step))
                step, step_ms = bytearray(), milliseconds
                self.sent_seconds = milliseconds / 1000
                is_as_live = self.sent_seconds > self._seconds - AS_LIVE_SECONDS
                due = max(due + STEP_MS / 1000 / (1 if is_as_live else self._speed), time.monotonic() - 1)
                time.sleep(max(0.0, due - time.monotonic()))
            step += before + milliseconds.to_bytes(3, "big") + after
        send(bytes(step))
        self.ended_at = time.monotonic()
        self.has_ended.set()

    def _stamped(self) -> Iterator[tuple[int, bytes, bytes]]:
        for repeat in range(self._seconds // MADE_SECONDS):
            for milliseconds, before, after in self._messages:
                yield milliseconds + repeat * MADE_SECONDS * 1000, before, after


def _message(kind: int, body: bytes) -> tuple[bytes, bytes]:
    """A message in one chunk: what comes before its timestamp, and behind it."""
    return bytes([kind]), len(body).to_bytes(3, "big") + bytes([kind]) + (1).to_bytes(4, "little") + body
