"""What a dead recorder left under a key becomes an object: its upload is completed, as far as its parts go."""

from collections.abc import Sequence

from recorder_task.aws.errors import AwsError
from recorder_task.aws.s3_reading import ReadableBucket, StoredPart
from recorder_task.jobs.door import DOOR_BYTES, shut

LISTINGS = 3
"""A recorder that was only slow may write a part between listing and completing: then it is listed anew."""
CHANGED_MEANWHILE = ("InvalidPart", "InvalidPartOrder", "EntityTooSmall")


def made_whole(bucket: ReadableBucket, key: str) -> bool:
    """Bring the object into being that lies in parts under `key`; False where nothing lies there.

    An object that exists was completed before: what is open beside it is the leftover of an earlier recovery.
    """
    uploads = bucket.open_uploads(key)
    size_bytes = bucket.size(key)
    if size_bytes is None:
        # The answer to "begin an upload" may have been lost, and a second one begun: the one with parts counts.
        found = {upload_id: _contiguous(bucket.parts(key, upload_id)) for upload_id in uploads}
        fullest = max(uploads, key=lambda upload_id: len(found[upload_id]), default="")
        if not fullest or not found[fullest]:
            _abort(bucket, key, uploads)
            return not shut(bucket, key)  # or it has come in meanwhile
        _complete(bucket, key, fullest, found[fullest])
        uploads.remove(fullest)
    _abort(bucket, key, uploads)
    return size_bytes != DOOR_BYTES


def _complete(bucket: ReadableBucket, key: str, upload_id: str, parts: Sequence[StoredPart]) -> None:
    for listing in range(1, LISTINGS + 1):
        try:
            bucket.complete_upload(
                key, upload_id, [each.part for each in parts], sum(each.size_bytes for each in parts)
            )
            return
        except AwsError as error:
            if error.code not in CHANGED_MEANWHILE or listing == LISTINGS:
                raise
        parts = _contiguous(bucket.parts(key, upload_id))


def _contiguous(parts: Sequence[StoredPart]) -> list[StoredPart]:
    """The parts from the first on without a gap."""
    return [each for number, each in enumerate(parts, 1) if each.part.number == number]


def _abort(bucket: ReadableBucket, key: str, uploads: Sequence[str]) -> None:
    for upload_id in uploads:
        try:
            bucket.abort_upload(key, upload_id)
        except AwsError as error:
            if error.code != "NoSuchUpload":
                raise
