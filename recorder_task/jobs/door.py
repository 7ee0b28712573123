"""The door behind a file of which nothing was found: an empty object in its place.

Whoever began the file need not be dead; it may only have been slow, and wake with its first object under way. It makes
that object on condition that there is none (`If-None-Match: *`), so an empty one keeps it out for good. The bucket's
lifecycle rule takes empty objects away after days, when every request that was signed before has long been invalid.
"""

from recorder_task.aws.s3 import Bucket

DOOR_BYTES = 0


def shut(bucket: Bucket, key: str) -> bool:
    """Put an empty object where there is none; False where a file has come in just before."""
    return bucket.put(key, b"", content_type="application/octet-stream", only_if_absent=True)


def is_shut(content: bytes) -> bool:
    """Whether what lies there is a door, and no file."""
    return len(content) == DOOR_BYTES
