"""The pull: a thread reads packets, so that nothing the recorder does waits for the network.

PyAV has no way to break off a blocked read from outside; a recorder that ends before its source, or gives up a source
that says nothing, leaves the thread behind.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import av

from recorder_task.sample import Track

LIMIT_PACKETS = 2048
"""Some 25 s of a usual stream: beyond it TCP holds the sender back; nothing is dropped here."""
WAKE_PACKETS = 256
CAUGHT_UP_SECONDS = 0.002
BURST_SECONDS = 0.2
"""Having waited for a packet, the reader lets some gather: woken for each, a process needs twenty times the CPU."""
TRY_AGAIN_SECONDS = 0.3
PROBE_OPTIONS = {"analyzeduration": "5000000"}
"""FLV's own default waits 90 s for a track that was announced and never comes."""


class SourceFailed(Exception):
    """Nothing could be read from the source."""


class Arrival(NamedTuple):
    """A packet and when it came, unix seconds."""

    packet: Any
    track: Track
    arrived_at: float


class Source:
    """One pull of `url`: an address FFmpeg knows, or a file's path. `end_reason` says why it ended, once it has."""

    def __init__(self, url: str, *, open_seconds: float) -> None:
        self.end_reason: str | None = None
        self._url = url
        self._is_address = "://" in url
        self._open_seconds = open_seconds
        self._tracks: dict[int, Track] = {}
        self._arrived: deque[Arrival] = deque()
        self._opened = threading.Event()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._container: Any = None  # open until `close`: the tracks' templates live in it
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)

    def open(self, must_not_wait: Callable[[], bool]) -> list[Track]:
        """Begin to pull and return the tracks, none where waiting for them became pointless; raises SourceFailed."""
        self._thread.start()
        while not self._opened.wait(0.02):
            if must_not_wait():
                return []
        if self._failure is not None:
            raise SourceFailed(f"{type(self._failure).__name__}: {self._failure}") from self._failure
        return list(self._tracks.values())

    def read(self) -> Iterator[Arrival]:
        """What has arrived; waits `BURST_SECONDS` at most for something to be there."""
        if len(self._arrived) < WAKE_PACKETS:
            self._wake.wait(BURST_SECONDS)
            self._wake.clear()
        while self._arrived:
            yield self._arrived.popleft()

    @property
    def is_exhausted(self) -> bool:
        """The source has ended and all it brought was read."""
        return self.end_reason is not None and not self._arrived

    def wake(self) -> None:
        """Let `read` return at once: there is something else to do."""
        self._wake.set()

    def close(self) -> None:
        """Read no further; a read under way is left behind. No output may be opened after this."""
        self._stop.set()
        if self.end_reason is not None:
            self._container.close()

    def _run(self) -> None:
        try:
            container = self._open_patiently()
        except Exception as error:  # told to the main thread, which reports it
            self._failure = error
            self._opened.set()
            return
        self._container = container
        streams = [*container.streams.video[:1], *container.streams.audio[:1]]
        self._tracks = {stream.index: track_of(stream) for stream in streams}
        self._opened.set()
        try:
            self.end_reason = self._read_all(container, streams)
        except Exception as error:
            self.end_reason = f"source failed: {type(error).__name__}: {error}"
        self._wake.set()

    def _open_patiently(self) -> Any:
        """Open, again and again while a server is not ready; a file that is not there will not come."""
        deadline = time.monotonic() + self._open_seconds
        while True:
            try:
                # No time-out for reads: FFmpeg would ask Python at each poll of the socket, for a fifth of the CPU.
                timeout = (max(0.1, deadline - time.monotonic()), None)
                return av.open(self._url, "r", timeout=timeout, options=PROBE_OPTIONS)
            except OSError:
                if not self._is_address or time.monotonic() + TRY_AGAIN_SECONDS > deadline:
                    raise
            self._stop.wait(TRY_AGAIN_SECONDS)

    def _read_all(self, container: Any, streams: list[Any]) -> str:
        packets = container.demux(streams)
        while not self._stop.is_set():
            began_at = time.monotonic()
            try:
                packet = next(packets)
            except (StopIteration, EOFError):
                return "source ended"
            except OSError:
                # The usual end of an RTMP pull, as often as end of file.
                return "source ended"
            if packet.size:  # the demuxer ends with an empty packet for each track
                self._arrived.append(Arrival(packet, self._tracks[packet.stream_index], time.time()))
                if len(self._arrived) == WAKE_PACKETS:
                    self._wake.set()
            if self._is_address and time.monotonic() - began_at > CAUGHT_UP_SECONDS:
                self._stop.wait(BURST_SECONDS)
            while len(self._arrived) >= LIMIT_PACKETS and not self._stop.is_set():
                self._stop.wait(0.01)
        return "stopped"


def track_of(stream: Any) -> Track:
    """The track that a PyAV stream is."""
    context = stream.codec_context
    is_video = stream.type == "video"
    return Track(
        index=stream.index,
        kind=stream.type,
        codec=context.codec.canonical_name if context is not None else "unknown",
        time_base=Fraction(stream.time_base),
        width=context.width if is_video else 0,
        height=context.height if is_video else 0,
        sample_rate=0 if is_video else context.sample_rate,
        channels=0 if is_video else context.channels,
        template=stream,
    )
