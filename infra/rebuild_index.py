"""The whole index rebuilt from the bucket: `python -m infra.rebuild_index`.

Every ready object goes through indexing again; what is indexed already stays as it is, so it may be run at any time and
broken off. A file whose entry was missing is announced like a new one, where a callback rule asks for it, unless its
callback event is still there; a file whose time is over is left out.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any

from chalicelib import aws
from chalicelib.logs import log
from chalicelib.recording.indexing import index_file
from chalicelib.recording.naming import READY_PREFIX, file_id_of_ready_key
from chalicelib.settings import settings
from chalicelib.table import Table


def ready_files(s3: Any, bucket_name: str) -> Iterator[tuple[str, float]]:
    """The id of every file that was committed, and when (unix s)."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket_name, Prefix=READY_PREFIX)
    for page in pages:
        for each in page.get("Contents", []):
            file_id = file_id_of_ready_key(each["Key"])
            if file_id is not None:
                yield file_id, each["LastModified"].timestamp()


def rebuild(table: Table, s3: Any, bucket_name: str, *, now: float) -> tuple[int, int]:
    """Index every committed file; returns how many were gone through and how many of them failed.

    The time of the commit stands for that of the indexing, so that CreateTime and ExpireTime come out as they were.
    """
    done = failed = 0
    for file_id, committed_at in ready_files(s3, bucket_name):
        try:
            index_file(table, file_id, now=now, indexed_at=committed_at)
        except Exception as error:  # one object that cannot be read must not keep the others out
            log("file_not_indexed", file_id=file_id, error=repr(error))
            failed += 1
        done += 1
    return done, failed


def main() -> int:
    """The command; returns its exit code."""
    done, failed = rebuild(aws.table(), aws.client("s3"), settings().bucket_name, now=time.time())
    print(f"{done} files, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
