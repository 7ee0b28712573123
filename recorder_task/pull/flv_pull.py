"""FLV that is pulled as bytes: from a file, or by FFmpeg, which speaks HTTP and whatever else an address may name."""

import time
from pathlib import Path
from typing import Any, BinaryIO

import av

from recorder_task.pull.flv_tags import FlvReader, Tag

READ_BYTES = 1 << 18
CAUGHT_UP_SECONDS = 0.002
RAW, RAW_OPTIONS = "data", {"raw_packet_size": "65536"}
"""FFmpeg's demuxer that demuxes nothing, and how much it hands on at once at most."""


class FilePull:
    """The tags of a file; never caught up, because nothing more will come."""

    is_caught_up = False

    def __init__(self, path: str) -> None:
        self._file: BinaryIO = Path(path).open("rb")  # noqa: SIM115 - `close` closes it
        self._reader = FlvReader()

    def read(self) -> list[Tag]:
        """The next tags; raises OSError at the end."""
        data = self._file.read(READ_BYTES)
        if not data:
            raise ConnectionAbortedError("the file has ended")
        return self._reader.feed(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class FlvPull:
    """The tags of what an address serves; raises OSError where nobody serves it in time.

    PyAV has no way to break off a blocked read from outside: `close` comes after the last one.
    """

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        # No time-out for reads: FFmpeg would ask Python at each poll of the socket, for a fifth of the CPU.
        self._container: Any = av.open(url, "r", format=RAW, timeout=(timeout_seconds, None), options=RAW_OPTIONS)
        self._pieces = self._container.demux()
        self._reader = FlvReader()
        self.is_caught_up = False
        """The last read had to wait."""

    def read(self) -> list[Tag]:
        """The tags that came next; raises OSError at the end."""
        began_at = time.monotonic()
        try:
            piece = next(self._pieces)
        except StopIteration:
            raise ConnectionAbortedError("the source has ended") from None
        self.is_caught_up = time.monotonic() - began_at > CAUGHT_UP_SECONDS
        return self._reader.feed(bytes(piece))

    def close(self) -> None:
        """Free the connection."""
        self._container.close()
