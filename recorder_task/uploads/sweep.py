"""Uploads that are open under a key though its object is complete: nobody knows their ids any more.

The answer to "begin an upload" may be lost on its way; whoever asks again begins a second one.
"""

from contextlib import suppress
from typing import Protocol

from recorder_task.aws.errors import AwsError


class Sweepable(Protocol):
    """What sweeping needs of a bucket."""

    def open_uploads(self, key: str) -> list[str]: ...

    def abort_upload(self, key: str, upload_id: str) -> None: ...


def sweep(bucket: Sweepable, key: str) -> None:
    """Abort every upload that is open under `key`.

    The object is there: a bucket that does not do this costs no file, and its lifecycle rule is the last resort.
    """
    with suppress(Exception):  # whatever it says to this
        for upload_id in bucket.open_uploads(key):
            _abort(bucket, key, upload_id)


def _abort(bucket: Sweepable, key: str, upload_id: str) -> None:
    try:
        bucket.abort_upload(key, upload_id)
    except AwsError as error:
        if error.code != "NoSuchUpload":
            raise
