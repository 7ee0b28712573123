"""An HLS file in the bucket: its segments, its playlist that grows, and whose file it is. Called from its lane alone.

Which file an output writes is decided with its first whole segment: one that a dead recorder of the session left, one
that waits for the stream, or a new one. Each playlist is written only over the one that was read or written before it
(`If-Match`, and `If-None-Match` where there is none yet), so that of two recorders one alone goes on.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from chalicelib.logs import log
from chalicelib.recording.file_facts import FileFacts, finished_hls
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.naming import media_key, segment_key, segment_name
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.playlist import (
    END,
    FINISHED_CACHE,
    GROWING_CACHE,
    PLAYLIST_TYPE,
    SEGMENT_CACHE,
    SEGMENT_TYPE,
    Playlist,
    Segment,
)
from chalicelib.recording.waiting import WaitingFile
from recorder_task.aws.errors import Overtaken
from recorder_task.aws.exchange import Body
from recorder_task.aws.s3 import Bucket
from recorder_task.outputs.continuation import Candidate, Continuation

LOOKS = 3
"""For a file to go on with: one that somebody else has just taken may lie elsewhere, put away for us, by now."""


class Piece(NamedTuple):
    """A segment as it comes out of the muxer; `facts` are those of all that this output has written, this included."""

    content: Body
    seconds: float
    began_at: float
    is_discontinuous: bool
    facts: FileFacts


class _Shown(NamedTuple):
    """The playlist in the bucket; `facts` of what others had written before."""

    text: bytes
    segments: int
    ends_at: float
    facts: FileFacts | None
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
        on_file: Callable[[OpenFile, FileFacts | None], None],
    ) -> None:
        self._bucket = bucket
        self._continuation = continuation
        self._entry = self._file = entry
        self._writer = writer
        self._target_seconds = target_seconds
        self._on_file = on_file
        self._shown: _Shown | None = None
        self._has_written = False
        self._facts: FileFacts | None = None

    def add(self, piece: Piece, *, is_last: bool = False) -> None:
        """Upload a segment and name it; raises Replaced where another recorder has gone on with the file."""
        while True:
            shown = self._shown or self._begin()
            name = segment_name(shown.segments, self._writer)
            self._bucket.put(
                segment_key(self._file.file_id, name),
                piece.content,
                content_type=SEGMENT_TYPE,
                cache_control=SEGMENT_CACHE,
            )
            if self._show(shown, name, piece, is_last=is_last):
                return
            # The file of another came to its end with that one's last word: it is left to be committed.

    def finished(self, *, utc_offset_hours: float) -> FinishedFile:
        """The whole file, once its last segment is there and before it is committed."""
        if self._shown is None or self._facts is None:
            raise RuntimeError("no segment was added")
        self._continuation.confirm(self._file)
        playlist = Playlist.decode(self._shown.text)
        return finished_hls(self._file, playlist, self._facts, utc_offset_hours=utc_offset_hours)

    def wait(self, *, paused_at: float, deadline: float) -> None:
        """Leave the file to whoever returns before `deadline`."""
        self._continuation.put_away(WaitingFile(file=self._file, paused_at=paused_at, deadline=deadline))

    def _begin(self) -> _Shown:
        for _ in range(LOOKS):
            was_late = False
            for candidate, shown in self._continued():
                taken = self._continuation.take(candidate)
                if taken is not None:
                    self._file = taken
                    self._on_file(taken, shown.facts)
                    return shown
                was_late = True
            if not was_late:
                break
        self._file = self._entry
        self._continuation.open(self._file)
        self._on_file(self._file, None)
        return self._empty()

    def _continued(self) -> Iterator[tuple[Candidate, _Shown]]:
        """The files that this output could go on with, and what is there of each."""
        for candidate in self._continuation.candidates(began_at=self._entry.began_at):
            shown = self._shown_by(candidate.file)
            if shown is not None and self._entry.began_at <= shown.ends_at + candidate.continue_seconds:
                yield candidate, shown

    def _shown_by(self, file: OpenFile) -> _Shown | None:
        """What is there of a file; None where nobody can go on with it.

        A file without a playlist is gone on with too: whoever began it may be about to write the first one, and of
        two first ones S3 takes one alone.
        """
        found = self._bucket.get(media_key(file.file_id, RecordFormat.HLS))
        if found is None:
            return self._empty()
        try:
            playlist, facts = Playlist.decode(found.content), FileFacts.decode(found.facts)
        except ValueError as reason:  # a version that wrote otherwise: who began the file will end it
            log("continuation_unknown", session_id=file.session_id, file_id=file.file_id, reason=str(reason))
            return None
        if playlist.is_finished or playlist.target_seconds < self._target_seconds:
            return None
        return _Shown(found.content, len(playlist.segments), playlist.ends_at, facts, found.etag)

    def _empty(self) -> _Shown:
        playlist = Playlist(target_seconds=self._target_seconds)
        return _Shown(playlist.encode(), 0, self._entry.began_at, None, "")

    def _show(self, before: _Shown, name: str, piece: Piece, *, is_last: bool) -> bool:
        """Name a segment; False where the file cannot be gone on with."""
        while True:
            is_joint = not self._has_written and before.segments > 0
            segment = Segment(
                name=name,
                duration_seconds=piece.seconds,
                began_at=piece.began_at,
                is_discontinuous=piece.is_discontinuous or is_joint,
            )
            text = before.text + segment.encode() + (END if is_last else b"")
            facts = before.facts.followed_by(piece.facts) if before.facts else piece.facts
            try:
                etag = self._bucket.replace(
                    media_key(self._file.file_id, RecordFormat.HLS),
                    text,
                    content_type=PLAYLIST_TYPE,
                    cache_control=FINISHED_CACHE if is_last else GROWING_CACHE,
                    facts=facts.encode(),
                    after=before.etag,
                )
            except Overtaken:
                last_word = self._last_word_of_another(before)
                if last_word is None:
                    return False
                before = last_word
                continue
            self._shown = _Shown(text, before.segments + 1, segment.ends_at, before.facts, etag)
            self._facts = facts
            self._has_written = True
            return True

    def _last_word_of_another(self, before: _Shown) -> _Shown | None:
        """What the recorder that we have just replaced wrote once more; None where its file is to be left.

        Raises Replaced where it is us who were replaced: after our first word nobody may write but a successor.
        """
        if self._has_written or self._file is self._entry or not self._continuation.still_has(self._file):
            self._continuation.lose()
        shown = self._shown_by(self._file)
        return None if shown is None or shown.etag == before.etag else shown
