"""The pull: a thread reads packets, so that nothing the recorder does waits for the network.

FFmpeg speaks the protocol and hands on bytes; what they say is read here (flv_tags, flv_messages, track_finder).

PyAV has no way to break off a blocked read from outside; a recorder that ends before its source, or gives up a source
that says nothing, leaves the thread behind.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import av

from recorder_task.flv_tags import FlvReader, NotFlv
from recorder_task.sample import Track, TrackKind
from recorder_task.track_finder import TrackFinder

LIMIT_PACKETS = 2048
"""Some 25 s of a usual stream: beyond it TCP holds the sender back; nothing is dropped here."""
WAKE_PACKETS = 256
CAUGHT_UP_SECONDS = 0.002
BURST_SECONDS = 0.2
"""Having waited for a packet, the reader lets some gather: woken for each, a process needs twenty times the CPU."""
TRY_AGAIN_SECONDS = 0.3
RAW, RAW_OPTIONS = "data", {"raw_packet_size": "65536"}
"""FFmpeg's demuxer that demuxes nothing, and how much it hands on at once at most."""


class SourceFailed(Exception):
    """Nothing could be read from the source."""


class Arrival(NamedTuple):
    """A packet and when it came, unix seconds."""

    packet: Any
    track: Track
    arrived_at: float
    dropped: Mapping[TrackKind, int]
    """Frames of each kind that came since the packet before and that nobody could decode."""


class Source:
    """One pull of `url`: an address FFmpeg knows, or a file's path. `end_reason` says why it ended, once it has."""

    def __init__(self, url: str, *, open_seconds: float) -> None:
        self.end_reason: str | None = None
        self._url = url
        self._is_address = "://" in url
        self._open_seconds = open_seconds
        self._finder = TrackFinder()
        self._tracks: list[Track] = []
        self._arrived: deque[Arrival] = deque()
        self._opened = threading.Event()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._container: Any = None
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)

    def open(self, must_not_wait: Callable[[], bool]) -> list[Track]:
        """Begin to pull and return the tracks once they are settled; raises SourceFailed.

        Those that are known where waiting for the others became pointless. `Arrival.track` is the truth later.
        """
        if must_not_wait():
            return []
        self._thread.start()
        while not self._opened.wait(0.02):
            if must_not_wait():
                break
        if self._failure is not None:
            raise SourceFailed(f"{type(self._failure).__name__}: {self._failure}") from self._failure
        return self._tracks if self._opened.is_set() else self._finder.tracks

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

    @property
    def can_wait(self) -> bool:
        """It is a file: nothing is lost by reading it later."""
        return not self._is_address

    def wake(self) -> None:
        """Let `read` return at once: there is something else to do."""
        self._wake.set()

    def close(self) -> None:
        """Read no further; a read under way is left behind."""
        self._stop.set()
        if self.end_reason is not None and self._container is not None:
            self._container.close()

    def _run(self) -> None:
        try:
            self._container = self._open_patiently()
            self.end_reason = self._read_all(self._container)
        except Exception as error:  # told to the main thread, which reports it
            if self._container is None or isinstance(error, NotFlv):
                self._failure = error
            self.end_reason = f"source failed: {type(error).__name__}: {error}"
        if not self._opened.is_set():
            self._settle()
        self._wake.set()

    def _open_patiently(self) -> Any:
        """Open, again and again while a server is not ready; a file that is not there will not come."""
        deadline = time.monotonic() + self._open_seconds
        while True:
            try:
                # No time-out for reads: FFmpeg would ask Python at each poll of the socket, for a fifth of the CPU.
                timeout = (max(0.1, deadline - time.monotonic()), None)
                return av.open(self._url, "r", format=RAW, timeout=timeout, options=RAW_OPTIONS)
            except OSError:
                if not self._is_address or time.monotonic() + TRY_AGAIN_SECONDS > deadline:
                    raise
            self._stop.wait(TRY_AGAIN_SECONDS)

    def _read_all(self, container: Any) -> str:
        reader = FlvReader()
        pieces = container.demux()
        while not self._stop.is_set():
            began_at = time.monotonic()
            try:
                piece = next(pieces)
            except (StopIteration, EOFError):
                return "source ended"
            except OSError:
                # The usual end of an RTMP pull, as often as end of file.
                return "source ended"
            has_waited = time.monotonic() - began_at > CAUGHT_UP_SECONDS
            self._take(reader, bytes(piece))
            if self._is_address and has_waited:
                self._stop.wait(BURST_SECONDS)
            while len(self._arrived) >= LIMIT_PACKETS and not self._stop.is_set():
                self._stop.wait(0.01)
        return "stopped"

    def _take(self, reader: FlvReader, piece: bytes) -> None:
        arrived_at = time.time()
        for tag in reader.feed(piece):
            found = self._finder.take(tag)
            if found is None:
                continue
            self._arrived.append(Arrival(found.packet, found.track, arrived_at, found.dropped))
            if len(self._arrived) == WAKE_PACKETS:
                self._wake.set()
            if not self._opened.is_set() and self._finder.is_settled:
                self._settle()

    def _settle(self) -> None:
        self._tracks = self._finder.tracks
        self._opened.set()
