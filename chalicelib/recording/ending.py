"""HLS files that nobody went on with: ended by the tick, in pure text.

The tick comes every minute, and once more by a schedule at the moment when a file's time to wait is over.
Each step may be repeated, and whoever dies between two leaves what the next try begins with: nobody takes the file
over any more, its playlist ends, its ready object lies in the bucket, its end is told, its item is gone.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib import aws, keys
from chalicelib.conflicts import error_code
from chalicelib.keys import Key
from chalicelib.logs import log
from chalicelib.recording import naming, reporting
from chalicelib.recording.file_facts import FileFacts, finished_hls
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.recording.open_file import OpenFile
from chalicelib.recording.orders import RecordFormat
from chalicelib.recording.playlist import PLAYLIST_TYPE, Playlist
from chalicelib.recording.report import Report, Status, StatusEvent
from chalicelib.recording.schedules import wake_at
from chalicelib.recording.waiting import GRACE_SECONDS, WaitingFile, waiting_files
from chalicelib.settings import settings
from chalicelib.table import ConditionFailed, Table

FACTS = "facts"
"""Name of the metadata beside a playlist."""
PAUSED = Status(event=StatusEvent.PAUSED)


@dataclass(frozen=True)
class _Stored:
    playlist: Playlist
    facts: FileFacts
    etag: str


def wake_for(table: Table, report: Report, *, now: float) -> None:
    """Have the tick run when the file that a report calls paused has waited long enough; told again, it is once."""
    if report.told != PAUSED:
        return
    for waiting in waiting_files(table, report.stream, report.recording_id):
        if waiting.file.file_id == report.file_id:
            wake_at(waiting.due_at, now=now)


def end_expired(table: Table, *, now: float) -> None:
    """End every file whose time to wait is over."""
    last = keys.by_time(now - GRACE_SECONDS, "~")
    listed = [Key(item["PK"], item["SK"]) for item in table.query(keys.ALL_WAITING, index=keys.LISTING, last=last)]
    for item in table.get_many(listed).values():  # the listing may lag behind
        waiting = WaitingFile.from_item(item)
        try:
            _end(table, waiting, now=now)
        except Exception as error:  # one file's trouble must not keep the others waiting; the next tick tries again
            log("waiting_file_not_ended", **_ids(waiting.file), error=repr(error))


def _end(table: Table, waiting: WaitingFile, *, now: float) -> None:
    try:
        table.update(waiting.ending())
    except ConditionFailed:  # somebody goes on with it
        return
    stored = _ended_playlist(waiting.file)
    finished = finished_hls(
        waiting.file, stored.playlist, stored.facts, utc_offset_hours=settings().naming_utc_offset_hours
    )
    _commit(finished)
    log("file_ready", **_ids(waiting.file), name=finished.name, seconds=round(finished.duration_seconds, 3))
    reporting.announce(table, _end_told(finished, now=now), now=now)
    table.delete(waiting.ended())


def _ended_playlist(file: OpenFile) -> _Stored:
    stored = _read(file)
    if stored.playlist.is_finished:
        return stored
    ended = stored.playlist.finished()
    aws.client("s3").put_object(
        **_object(naming.media_key(file.file_id, RecordFormat.HLS)),
        Body=ended.encode(),
        ContentType=PLAYLIST_TYPE,
        CacheControl=ended.cache_control,
        Metadata={FACTS: stored.facts.encode()},
        IfMatch=stored.etag,
    )
    return _Stored(ended, stored.facts, "")


def _read(file: OpenFile) -> _Stored:
    answer = aws.client("s3").get_object(**_object(naming.media_key(file.file_id, RecordFormat.HLS)))
    facts = FileFacts.decode(answer["Metadata"][FACTS])
    return _Stored(Playlist.decode(answer["Body"].read()), facts, answer["ETag"])


def _commit(file: FinishedFile) -> None:
    try:
        aws.client("s3").put_object(
            **_object(naming.ready_key(file.file_id)),
            Body=file.to_json(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except Exception as error:
        if error_code(error) != "PreconditionFailed":  # committed by an earlier try
            raise


def _end_told(file: FinishedFile, *, now: float) -> Report:
    return Report(
        report_id=f"{file.file_id}-ended",
        sequence=round(now * 1000),
        at=now,
        stream=file.stream,
        session_id=file.session_id,
        recording_id=file.recording_id,
        task_id=file.task_id,
        format=file.format,
        file_id=file.file_id,
        told=Status(event=StatusEvent.ENDED),
    )


def _object(key: str) -> dict[str, Any]:
    return {"Bucket": settings().bucket_name, "Key": key}


def _ids(file: OpenFile) -> dict[str, Any]:
    return {
        "session_id": file.session_id,
        "stream": str(file.stream),
        "recording_id": file.recording_id,
        "format": str(file.format),
        "file_id": file.file_id,
    }
