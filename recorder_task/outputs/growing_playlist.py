"""An HLS file in the bucket: its segments, its playlist that grows, and whose file it is. Called from its lane alone.

Which file an output writes is decided with its first whole segment: one that a dead recorder of the session left, one
that waits for the stream, or a new one. Each playlist is written only over the one that was read or written before it
(`If-Match`), so that of two recorders one alone goes on.
"""

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.logs import log
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.hls_facts import HlsFacts, finished_hls
from chalicelib.recording.naming import media_key, segment_key, segment_name
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.playlist import PLAYLIST_TYPE, SEGMENT_CACHE, SEGMENT_TYPE, Playlist, Segment
from chalicelib.recording.waiting import WaitingFile
from recorder_task.aws.errors import Overtaken
from recorder_task.aws.s3 import Bucket
from recorder_task.continuation import Continuation


class Piece(NamedTuple):
    """A segment as it comes out of the muxer; `facts` are those of all that this output has written, this included."""

    content: bytes | bytearray
    seconds: float
    began_at: float
    is_discontinuous: bool
    facts: HlsFacts


class _Shown(NamedTuple):
    """The playlist in the bucket; `facts` of what others had written before."""

    playlist: Playlist
    facts: HlsFacts | None
    etag: str


class GrowingPlaylist:
    """One HLS file, whoever began it; `on_file` is told which one it is, and whether it is continued."""

    def __init__(
        self,
        bucket: Bucket,
        continuation: Continuation,
        entry: OpenFile,
        *,
        writer: str,
        target_seconds: int,
        on_file: Callable[[OpenFile, HlsFacts | None], None],
    ) -> None:
        self._bucket = bucket
        self._continuation = continuation
        self._file = entry
        self._writer = writer
        self._target_seconds = target_seconds
        self._on_file = on_file
        self._shown: _Shown | None = None
        self._has_written = False
        self._facts: HlsFacts | None = None

    def add(self, piece: Piece, *, is_last: bool = False) -> None:
        """Upload a segment and name it; raises Replaced where another recorder has gone on with the file."""
        shown = self._shown or self._begin()
        segment = Segment(
            name=segment_name(len(shown.playlist.segments), self._writer),
            duration_seconds=piece.seconds,
            began_at=piece.began_at,
            is_discontinuous=piece.is_discontinuous or (not self._has_written and bool(shown.playlist.segments)),
        )
        self._bucket.put(
            segment_key(self._file.file_id, segment.name),
            piece.content,
            content_type=SEGMENT_TYPE,
            cache_control=SEGMENT_CACHE,
        )
        self._show(shown, segment, piece.facts, is_last=is_last)

    def finished(self, *, utc_offset_hours: float) -> FinishedFile:
        """The whole file, once its last segment is there and before it is committed."""
        if self._shown is None or self._facts is None:
            raise RuntimeError("no segment was added")
        self._continuation.confirm(self._file)
        return finished_hls(self._file, self._shown.playlist, self._facts, utc_offset_hours=utc_offset_hours)

    def wait(self, *, paused_at: float, deadline: float) -> None:
        """Leave the file to whoever returns before `deadline`."""
        self._continuation.put_away(WaitingFile(file=self._file, paused_at=paused_at, deadline=deadline))

    def _begin(self) -> _Shown:
        for candidate in self._continuation.candidates(began_at=self._file.began_at):
            try:
                shown = self._shown_by(candidate.file)
            except ValueError as reason:  # a version that wrote otherwise: who began the file will end it
                file = candidate.file
                log("continuation_unknown", session_id=file.session_id, file_id=file.file_id, reason=str(reason))
                continue
            if shown is None or shown.playlist.is_finished or shown.playlist.target_seconds < self._target_seconds:
                continue
            taken = self._continuation.take(candidate)
            if taken is not None:
                self._file = taken
                self._on_file(taken, shown.facts)
                return shown
        self._continuation.open(self._file)
        self._on_file(self._file, None)
        return _Shown(Playlist(target_seconds=self._target_seconds), None, "")

    def _shown_by(self, file: OpenFile) -> _Shown | None:
        found = self._bucket.get(media_key(file.file_id, RecordFormat.HLS))
        if found is None:
            return None
        return _Shown(Playlist.decode(found.content), HlsFacts.decode(found.facts), found.etag)

    def _show(self, before: _Shown, segment: Segment, own_facts: HlsFacts, *, is_last: bool) -> None:
        while True:
            playlist = before.playlist.grown(segment)
            if is_last:
                playlist = playlist.finished()
            facts = before.facts.followed_by(own_facts) if before.facts else own_facts
            try:
                etag = self._bucket.replace(
                    media_key(self._file.file_id, RecordFormat.HLS),
                    playlist.encode(),
                    content_type=PLAYLIST_TYPE,
                    cache_control=playlist.cache_control,
                    facts=facts.encode(),
                    after=before.etag,
                )
            except Overtaken:
                before = self._after_the_last_word_of_another(before)
                continue
            self._shown = _Shown(playlist, before.facts, etag)
            self._facts = facts
            self._has_written = True
            return

    def _after_the_last_word_of_another(self, before: _Shown) -> _Shown:
        """Whom we have just replaced may have written once more; after our first word nobody may but us."""
        shown = None if self._has_written else self._shown_by(self._file)
        if shown is None or shown.etag == before.etag or shown.playlist.is_finished:
            self._continuation.lose()
        return shown
