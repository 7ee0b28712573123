"""A finished file enters the index: its media entry and its callback event in one transaction."""

from chalicelib import aws
from chalicelib.live import callbacks
from chalicelib.logs import log
from chalicelib.notify import events, outbox, queue
from chalicelib.recording import naming
from chalicelib.recording.finished_file import FinishedFile
from chalicelib.settings import settings
from chalicelib.table import ConditionFailed, Put, Table
from chalicelib.vod.media import media_put


def index_file(table: Table, file_id: str, *, now: float) -> None:
    """Index a file whose ready object lies in the bucket, once, and have its callback sent.

    Raises ValueError where the object is not what it should be, and what S3 raises.
    """
    file = _read(file_id)
    template = callbacks.template_of(table, file.stream.domain, file.stream.app)
    event = events.file_ready(file, app_id=settings().app_id, media_base=settings().media_base)
    announcements = outbox.written(event, template, now=now)
    writes: list[Put] = [media_put(file, media_base=settings().media_base, indexed_at=now), *announcements]
    try:
        table.transact(*writes)
        log(
            "file_indexed",
            session_id=file.session_id,
            stream=str(file.stream),
            file_id=file_id,
            format=str(file.format),
            name=file.name,
            duration_seconds=file.duration_seconds,
            size_bytes=file.size_bytes,
        )
    except ConditionFailed:
        log("file_indexed_before", session_id=file.session_id, stream=str(file.stream), file_id=file_id)
    if announcements:  # told again if the file was known: who indexed it may have died before it said so
        queue.announce([event.event_id])


def _read(file_id: str) -> FinishedFile:
    key = naming.ready_key(file_id)
    content = aws.client("s3").get_object(Bucket=settings().bucket_name, Key=key)["Body"].read()
    file = FinishedFile.from_json(content)
    if file.file_id != file_id:
        raise ValueError(f"{key} is of file {file.file_id}")
    return file
