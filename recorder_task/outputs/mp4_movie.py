"""The `moov` of an MP4: FFmpeg's empty one where the file begins, filled where it ends.

FFmpeg makes the empty one of the source's parameters, for it knows every codec there is; no sample passes through it.
Source: ISO/IEC 14496-12, 8.2 (movie), 8.3 (track), 8.6.6 (edit list).
"""

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import NamedTuple

import av

from recorder_task.outputs.mp4_boxes import LARGEST_32, box, boxes
from recorder_task.outputs.mp4_track import Mp4Track
from recorder_task.sample import Track

MOVIE_TIMESCALE = 90_000
"""Edit lists count in it: a millisecond, FFmpeg's own choice, would round a late track's distance."""
OPTIONS = {"movflags": "empty_moov", "movie_timescale": str(MOVIE_TIMESCALE)}
TRACK_BOXES = frozenset({b"mdia", b"minf", b"stbl"})
EMPTY_TABLES = frozenset({b"stts", b"stsc", b"stsz", b"stco"})
MOVIE_DURATION_AT, TRACK_DURATION_AT = 16, 20
ONE = 0x10000


class EmptyMovie(NamedTuple):
    """What stands in front of the first fragment, and the ticks a second of each track in the order of their ids."""

    ftyp: bytes
    moov: bytes
    timescales: Sequence[int]


def empty_movie(tracks: Sequence[Track]) -> EmptyMovie:
    """Of tracks without samples; raises what FFmpeg raises."""
    file = BytesIO()
    with av.open(file, "w", format="mp4", options=OPTIONS) as container:
        for track in tracks:
            # Without `opaque` PyAV leaks the template's codec context.
            container.add_stream_from_template(track.template, opaque=True)
        container.start_encoding()
        content = file.getvalue()
    return movie_in(content)


def movie_in(content: bytes) -> EmptyMovie:
    """That of a file that begins so."""
    found = {kind: content[start:end] for kind, start, _, end in boxes(content)}
    return EmptyMovie(found[b"ftyp"], found[b"moov"], _timescales(found[b"moov"], 0, len(found[b"moov"])))


def _timescales(content: bytes, start: int, end: int) -> list[int]:
    found: list[int] = []
    for kind, _, payload, box_end in boxes(content, start, end):
        if kind == b"mdhd":
            found += struct.unpack_from(">I", content, payload + 12)
        elif kind in (b"moov", b"trak", b"mdia"):
            found += _timescales(content, payload, box_end)
    return found


def filled_movie(moov: bytes, tracks: Sequence[Mp4Track]) -> bytes:
    """The empty `moov` with the samples of `tracks`, as they lie in the file once it stands before them."""
    filling = {track.id: _Filling(track) for track in tracks if not track.is_empty}
    size = len(_filled_movie(moov, filling, 0))
    return _filled_movie(moov, filling, size)


class _Filling:
    """What comes into a track's boxes, made once."""

    def __init__(self, track: Mp4Track) -> None:
        self.track = track
        self.tables = track.tables()
        self.delay = _movie_ticks(track, track.begins + track.first_composition)
        plays = -(-track.presented_ticks * MOVIE_TIMESCALE // track.timescale)
        self.movie_ticks = self.delay + plays
        self.edits = _edits((self.delay, -1), (plays, track.first_composition)) if self.delay else b""


def _movie_ticks(track: Mp4Track, ticks: int) -> int:
    return round(ticks * MOVIE_TIMESCALE / track.timescale)


def _edits(*edits: tuple[int, int]) -> bytes:
    """How long each part plays, in the movie's ticks, and from where in the media, in the track's (-1: nothing)."""
    is_large = max(max(edit) for edit in edits) > LARGEST_32 >> 1
    rows = b"".join(struct.pack(">QqI" if is_large else ">IiI", *edit, ONE) for edit in edits)
    return box(b"edts", box(b"elst", struct.pack(">II", is_large << 24, len(edits)), rows))


def _filled_movie(moov: bytes, filling: Mapping[int, _Filling], moved_by: int) -> bytes:
    pieces: list[bytes] = []
    for kind, start, payload, end in boxes(moov, 8):
        if kind == b"mvhd":
            longest = max((each.movie_ticks for each in filling.values()), default=0)
            next_id = struct.pack(">I", max(filling, default=0) + 1)  # FFmpeg's empty one counts a track too few
            pieces.append(with_duration(kind, moov[payload : end - 4] + next_id, MOVIE_DURATION_AT, longest))
        elif kind == b"trak":
            track = filling.get(_track_id(moov, payload))
            if track is not None:
                pieces.append(_filled_track(moov, payload, end, track, moved_by))
        elif kind != b"mvex":
            pieces.append(moov[start:end])
    return box(b"moov", *pieces)


def _track_id(moov: bytes, start: int) -> int:
    """Of the `trak` whose payload begins at `start`: its `tkhd` is the first box there."""
    return int.from_bytes(moov[start + 20 : start + 24], "big")


def _filled_track(moov: bytes, start: int, end: int, filling: _Filling, moved_by: int, kind: bytes = b"trak") -> bytes:
    pieces: list[bytes] = []
    for inner, inner_start, payload, inner_end in boxes(moov, start, end):
        if inner == b"tkhd":
            pieces.append(with_duration(inner, moov[payload:inner_end], TRACK_DURATION_AT, filling.movie_ticks))
            pieces.append(filling.edits)
        elif inner == b"mdhd":
            ticks = filling.track.decoded_ticks
            pieces.append(with_duration(inner, moov[payload:inner_end], MOVIE_DURATION_AT, ticks))
        elif inner in TRACK_BOXES:
            pieces.append(_filled_track(moov, payload, inner_end, filling, moved_by, inner))
        elif inner not in EMPTY_TABLES:
            pieces.append(moov[inner_start:inner_end])
    if kind == b"stbl":
        pieces += [filling.tables, filling.track.offsets(moved_by)]
    return box(kind, *pieces)


def with_duration(kind: bytes, payload: bytes, at: int, duration: int) -> bytes:
    """A header box with its duration `at` a place of its payload; where that takes 64 bits the times before it do."""
    if duration <= LARGEST_32:
        return box(kind, payload[:at], struct.pack(">I", duration), payload[at + 4 :])
    return box(kind, b"\x01", payload[1:4], bytes(16), payload[12:at], struct.pack(">Q", duration), payload[at + 4 :])
