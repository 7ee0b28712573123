"""An encoder: publishes a clip over RTMP in real time and keeps the print of every packet it sent."""

import io
import threading
import time
from types import TracebackType
from typing import Self

import av

from infra.local.demo.packets import PacketPrint, print_of
from infra.local.running import StackFacts

OPEN_SECONDS, SEND_SECONDS = 20.0, 10.0
"""How long the origin may hold a publish (its hook waits for a recorder), and block a packet."""


def push_url(stack: StackFacts, app: str, stream: str) -> str:
    """Where an encoder publishes a stream of the stack's push domain."""
    return f"{stack.rtmp}/{app}/{stream}?vhost={stack.push_domain}"


class Publisher:
    """One publish of one clip, in a thread of its own; `with` starts it, and stops it at the end of the block.

    `sent` grows while it publishes. `speed` 2.0 sends twice as fast as the timestamps say.
    """

    def __init__(self, url: str, clip: bytes, *, speed: float = 1.0) -> None:
        self.url = url
        self.sent: list[PacketPrint] = []
        self.began_at = 0.0
        """Unix seconds: when a packet of time 0 was due."""
        self.ended_at = 0.0
        """Unix seconds: when the connection was closed, or 0."""
        self._clip = clip
        self._speed = speed
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._progress = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to connect and publish; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the publish as an encoder does that is switched off, and wait for it; raises what went wrong."""
        self._stopping.set()
        self.wait()

    def wait(self) -> None:
        """Wait until the clip is published to its end; raises what went wrong."""
        self._thread.join()
        self._raise_failure()

    def wait_until_sent(self, seconds: float) -> None:
        """Wait until `seconds` of media are sent; raises what went wrong, EOFError where the clip ends before."""
        with self._progress:
            self._progress.wait_for(lambda: self.ended_at or self._sent_seconds() >= seconds)
        self._raise_failure()
        if self._sent_seconds() < seconds:
            raise EOFError(f"the clip ended after {self._sent_seconds():.1f} s")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        if error is None:
            self._raise_failure()

    def _sent_seconds(self) -> float:
        return (self.sent[-1].dts - self.sent[0].dts) / 1000 if self.sent else 0.0

    def _raise_failure(self) -> None:
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        try:
            self._publish()
        except Exception as error:  # handed to whoever waits
            self._failure = error
        finally:
            with self._progress:
                self.ended_at = time.time()
                self._progress.notify_all()

    def _publish(self) -> None:
        timeouts = (OPEN_SECONDS, SEND_SECONDS)
        with (
            av.open(io.BytesIO(self._clip), "r") as clip,
            av.open(self.url, "w", format="flv", timeout=timeouts) as target,
        ):
            tracks = {track.index: target.add_stream_from_template(track, opaque=True) for track in clip.streams}
            target.start_encoding()  # connects: the clock starts when the origin has let us in
            began, self.began_at = time.monotonic(), time.time()
            for packet in clip.demux():
                if not packet.size:
                    continue
                packet_print = print_of(packet)
                due = began + packet_print.dts / 1000 / self._speed
                if self._stopping.wait(max(0.0, due - time.monotonic())):
                    return
                packet.stream = tracks[packet.stream.index]
                target.mux(packet)
                self._note(packet_print)

    def _note(self, packet_print: PacketPrint) -> None:
        with self._progress:
            self.sent.append(packet_print)
            self._progress.notify_all()
