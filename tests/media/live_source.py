"""A clip sent over RTMP as an encoder's server would, each tag at its time."""

import threading
import time

from tests.fakes.rtmp_origin import Send
from tests.media.clips import Clip
from tests.media.flv_surgery import VIDEO, FlvTag, tags_of

CHUNK_BYTES = 4096
SET_CHUNK_SIZE = bytes([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]) + CHUNK_BYTES.to_bytes(4, "big")


def chunks(tag: FlvTag) -> bytes:
    """A tag as a server sends it, behind SET_CHUNK_SIZE."""
    stream = 6 if tag.kind == VIDEO else 4
    head = bytes([stream]) + tag.milliseconds.to_bytes(3, "big") + len(tag.body).to_bytes(3, "big") + bytes([tag.kind])
    pieces = [tag.body[at : at + CHUNK_BYTES] for at in range(0, len(tag.body), CHUNK_BYTES)]
    return head + (1).to_bytes(4, "little") + bytes([0xC0 | stream]).join(pieces)


class LiveSource:
    """`RtmpOrigin(LiveSource(clip).play)`; ends when the clip has, or when `stop` is set."""

    def __init__(self, made: Clip) -> None:
        self.stop = threading.Event()
        self.began_at = 0.0
        self.began = threading.Event()
        """The first tag was sent, at `began_at` (unix s)."""
        self.late_seconds = 0.0
        """How late the latest tag was sent: what a loaded machine adds to any time that is looked at."""
        self._tags = tags_of(made)

    def play(self, send: Send) -> None:
        """Send every tag at its time."""
        send(SET_CHUNK_SIZE)
        self.began_at = time.time()
        self.began.set()
        for tag in self._tags:
            if self.stop.wait(max(0.0, self.began_at + tag.milliseconds / 1000 - time.time())):
                return
            self.late_seconds = max(self.late_seconds, time.time() - self.began_at - tag.milliseconds / 1000)
            send(chunks(tag))
