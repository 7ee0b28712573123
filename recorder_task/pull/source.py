"""The pull: a thread reads packets, so that nothing the recorder does waits for the network.

What the source says is read here (rtmp, flv_tags, flv_messages, track_finder): FFmpeg's demuxer guesses at timestamps,
and PyAV drops what it finds on a track that appears in mid-stream.
"""

import threading
import time
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Protocol

from chalicelib.recording.stream import StreamRef
from recorder_task.pull.flv_pull import FilePull, FlvPull
from recorder_task.pull.flv_tags import NotFlv, Tag
from recorder_task.pull.rtmp.pull import SCHEMES, RtmpPull
from recorder_task.pull.track_finder import TrackFinder
from recorder_task.sample import Sample, Track

LIMIT_PACKETS = 2048
"""Some 25 s of a usual stream: beyond it TCP holds the sender back; nothing is dropped here."""
LIMIT_BYTES = 4 << 20
"""The same: a sender may be faster than real time, and this waits beside what `UPLOAD_BUFFER_BYTES` bounds."""
WAKE_PACKETS = 256
BURST_SECONDS = 2.0
"""Having caught up, the reader lets packets gather: woken for each, a process needs twenty times the CPU.

Those of two seconds take 7 % less than those of one; a death costs the one under way.
"""
UNWOKEN_SECONDS = 1.0
"""The same, where neither the stream's end nor very much to read can break the rest off."""
CATCH_UP_SECONDS = 0.5
"""So long what is on its way is awaited at the end; of a stream that brings nothing there is none."""
TRY_AGAIN_SECONDS = 0.3
SIZE = attrgetter("size")


class SourceFailed(Exception):
    """Nothing could be read from the source."""


class Pull(Protocol):
    """A connection that has been opened, or a file."""

    @property
    def is_caught_up(self) -> bool:
        """Nothing more is there at once."""

    def read(self) -> Sequence[Tag]:
        """The next tags, once something has come; raises OSError at the end."""

    def close(self) -> None:
        """Free it."""


class Source:
    """One pull of `stream` from `url`: an address, or a file's path. `end_reason` says why it ended, once it has."""

    def __init__(self, url: str, stream: StreamRef, *, open_seconds: float) -> None:
        self.end_reason: str | None = None
        self._url = url
        self._stream = stream
        self._is_address = "://" in url
        self._open_seconds = open_seconds
        self._finder = TrackFinder()
        self._tracks: list[Track] = []
        self._heard_at = 0.0
        """Monotonic: when the connection was made, or brought something."""
        self._arrived: list[Sample] = []
        self._arrived_bytes = 0
        self._lock = threading.Lock()
        self._opened = threading.Event()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._hurry = threading.Event()
        """Nothing gathers any more."""
        self._caught_up = threading.Event()
        """All that had come before that was read."""
        self._failure: Exception | None = None
        self._pull: Pull | None = None
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)

    def open(self, must_not_wait: Callable[[], bool]) -> list[Track]:
        """Begin to pull and return the tracks once they are settled; raises SourceFailed.

        Those that are known where waiting for the others became pointless: nothing comes, or nothing will.
        `Sample.track` is the truth later.
        """
        if must_not_wait():
            return []
        self._thread.start()
        while not self._opened.wait(0.02):
            if must_not_wait():
                break
            if self._heard_at and time.monotonic() - self._heard_at > self._open_seconds:
                if self._finder.tracks:
                    break
                raise SourceFailed(f"nothing came for {self._open_seconds:g} s")
        if self._failure is not None:
            raise SourceFailed(f"{type(self._failure).__name__}: {self._failure}") from self._failure
        return self._tracks if self._opened.is_set() else self._finder.tracks

    def read(self) -> list[Sample]:
        """What has arrived; waits for a burst, and not much longer where none comes."""
        if len(self._arrived) < WAKE_PACKETS:
            self._wake.wait(BURST_SECONDS * 1.2)
            self._wake.clear()
        return self._taken()

    def catch_up(self) -> list[Sample]:
        """What has arrived and what still gathers: from now on nothing does."""
        if not self._hurry.is_set() and self._pull is not None and self.end_reason is None:
            self._hurry.set()
            if isinstance(self._pull, RtmpPull):
                self._pull.hurry()
            self._caught_up.wait(CATCH_UP_SECONDS)
        return self._taken()

    def _taken(self) -> list[Sample]:
        with self._lock:
            arrived, self._arrived, self._arrived_bytes = self._arrived, [], 0
        return arrived

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
        """Read no further; a read that nothing can break off is left behind."""
        self._stop.set()
        self._hurry.set()
        pull = self._pull
        if pull is not None and (self.end_reason is not None or isinstance(pull, RtmpPull)):
            pull.close()

    def _run(self) -> None:
        try:
            self._pull = self._open_patiently()
            self._heard_at = time.monotonic()
            self.end_reason = self._read_all(self._pull)
        except Exception as error:  # told to the main thread, which reports it
            if self._pull is None or isinstance(error, NotFlv):
                self._failure = error
            self.end_reason = f"source failed: {type(error).__name__}: {error}"
        if self._stop.is_set() and self._pull is not None:  # `close` came while it was being read
            self._pull.close()
        if not self._opened.is_set():
            self._settle()
        self._wake.set()
        self._caught_up.set()

    def _open_patiently(self) -> Pull:
        """Open, again and again while a server is not ready; a file that is not there will not come."""
        deadline = time.monotonic() + self._open_seconds
        while True:
            try:
                return self._open(max(0.1, deadline - time.monotonic()))
            except OSError:
                if not self._is_address or time.monotonic() + TRY_AGAIN_SECONDS > deadline:
                    raise
            self._stop.wait(TRY_AGAIN_SECONDS)

    def _open(self, timeout_seconds: float) -> Pull:
        if not self._is_address:
            return FilePull(self._url)
        if self._url.partition("://")[0] in SCHEMES:
            return RtmpPull(self._url, self._stream, timeout_seconds=timeout_seconds)
        return FlvPull(self._url, timeout_seconds=timeout_seconds)

    def _read_all(self, pull: Pull) -> str:
        while not self._stop.is_set():
            is_hurried = self._hurry.is_set()
            try:
                tags = pull.read()
            except OSError:
                # The usual end of an RTMP pull, as often as the server's word.
                return "source ended"
            self._take(tags)
            if self._is_address and pull.is_caught_up:
                self._wake.set()
                if is_hurried:
                    self._caught_up.set()
                if isinstance(pull, RtmpPull):
                    pull.rest(BURST_SECONDS)
                else:
                    self._hurry.wait(UNWOKEN_SECONDS)
            while self._is_full and not self._stop.is_set():
                self._wake.set()
                self._stop.wait(0.01)
        return "stopped"

    @property
    def _is_full(self) -> bool:
        return len(self._arrived) >= LIMIT_PACKETS or self._arrived_bytes >= LIMIT_BYTES

    def _take(self, tags: Sequence[Tag]) -> None:
        now, heard_at = time.time(), time.monotonic()
        gathered_ms = (heard_at - self._heard_at) * 1000
        self._heard_at = heard_at
        samples = self._finder.samples(tags, now, gathered_ms)
        arrived: list[Sample] = []
        if not self._opened.is_set():
            for sample in samples:
                arrived.append(sample)
                if self._finder.is_settled:
                    break
            if self._finder.is_settled:
                self._settle()
        arrived += samples
        with self._lock:
            self._arrived += arrived
            self._arrived_bytes += sum(map(SIZE, arrived))
        if len(self._arrived) >= WAKE_PACKETS:
            self._wake.set()

    def _settle(self) -> None:
        self._tracks = self._finder.tracks
        self._opened.set()
