"""A finished file enters the index: its media entry and its callback event in one transaction."""

from collections.abc import Sequence

from chalicelib import aws
from chalicelib.live import callbacks
from chalicelib.logs import log
from chalicelib.notify import events, outbox, queue
from chalicelib.recording import naming
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.settings import settings
from chalicelib.table import ConditionFailed, Put, Table
from chalicelib.vod.media import facets_of, is_kept, media_put


def index_file(table: Table, file_id: str, *, now: float, indexed_at: float | None = None) -> None:
    """Index a file whose ready object lies in the bucket, once, and have its callback sent.

    `indexed_at` is its CreateTime where that is not `now`; a file whose time is over by `now` is left out.
    Raises ValueError where the object is not what it should be, and what S3 raises.
    """
    file = _read(file_id)
    indexed_at = now if indexed_at is None else indexed_at
    media = media_put(file, media_base=settings().media_base, indexed_at=indexed_at)
    if not is_kept(facets_of(media.item), now):
        log("file_expired", session_id=file.session_id, stream=str(file.stream), file_id=file_id)
        return
    template = callbacks.template_of(table, file.stream.domain, file.stream.app)
    event = events.file_ready(file, app_id=settings().app_id, media_base=settings().media_base)
    announcements = outbox.written(event, template, now=indexed_at)
    log(
        _written(table, media, announcements),
        session_id=file.session_id,
        stream=str(file.stream),
        file_id=file_id,
        format=str(file.format),
        name=file.name,
        duration_seconds=file.duration_seconds,
        size_bytes=file.size_bytes,
    )
    if announcements:  # told again if the file was known: who indexed it may have died before it said so
        queue.announce([event.event_id])


def _written(table: Table, media: Put, announcements: Sequence[Put]) -> str:
    """Write a file's media entry, with its callback event or, where that is known, alone; what to log of it."""
    try:
        table.transact(media, *announcements)
        return "file_indexed"
    except ConditionFailed as refusal:
        if 0 in refusal.failed:
            return "file_indexed_before"
    try:
        table.put(media)  # lost alone: its callback was written with it and needs no other
        return "media_restored"
    except ConditionFailed:
        return "file_indexed_before"


def _read(file_id: str) -> FinishedFile:
    key = naming.ready_key(file_id)
    content = aws.client("s3").get_object(Bucket=settings().bucket_name, Key=key)["Body"].read()
    file = FinishedFile.from_json(content)
    if file.file_id != file_id:
        raise ValueError(f"{key} is of file {file.file_id}")
    return file
