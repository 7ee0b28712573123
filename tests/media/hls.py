"""An HLS file as a test takes it apart: its playlist's text, its segments, their packets."""

import re

from chalicelib.recording.finished_file import FinishedFile
from tests.fakes.s3 import FakeS3
from tests.media.packets import Packet, packets_of


def segment_names(text: str) -> list[str]:
    """The segments that a playlist names, in its order."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def packets_of_segments(s3: FakeS3, file: FinishedFile, kind: str) -> list[Packet]:
    """The packets of one kind, each segment read by itself."""
    folder = file.key.rpartition("/")[0]
    names = segment_names(s3.objects[file.key].content.decode())
    segments = [s3.objects[f"{folder}/{name}"].content for name in names]
    return [packet for content in segments for packet in packets_of(content, "mpegts") if packet.kind == kind]


def outline(text: str) -> list[str]:
    """A playlist's segments and joins without what differs from run to run: numbers, dates and writers."""
    lines = [re.sub(r"-[0-9a-f]{6}\.ts$", "", line) for line in text.splitlines()]
    left_out = ("#EXTM3U", "#EXT-X-VERSION", "#EXT-X-MEDIA", "#EXT-X-PLAYLIST", "#EXT-X-PROGRAM", "#EXT-X-TARGET")
    return [line.removeprefix("#EXT-X-") for line in lines if not line.startswith((*left_out, "#EXTINF"))]
