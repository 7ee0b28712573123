"""Every moment of a recording, kept: bucket and table as they were after each request, for a recovery to begin with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.keys import Key
from chalicelib.table import Update
from tests.fakes.s3 import FakeS3, Refusal, RequestSeen, StoredObject, Upload
from tests.media.studio import SESSION_ID, Studio, template_order
from tests.media.watched_table import WatchedTable

Answer = tuple[int, dict[str, str], bytes] | Refusal


@dataclass(frozen=True)
class Moment:
    """What a recorder that dies now leaves behind."""

    request: RequestSeen
    objects: Mapping[str, StoredObject]
    uploads: Mapping[str, Upload]
    items: Mapping[Key, Item]

    @contextmanager
    def left_behind(self) -> Iterator[Studio]:
        """A studio that finds all as it was, the recorder dead and the stream gone."""
        with FakeS3(min_part_bytes=0) as s3:
            s3.objects = dict(self.objects)
            s3.uploads = {name: replace(upload, parts=dict(upload.parts)) for name, upload in self.uploads.items()}
            table = WatchedTable()
            table.items = deepcopy(dict(self.items))
            table.update(Update(key=keys.session(SESSION_ID), set={"unpublished_at": 1.0}, remove=["lease_until"]))
            yield Studio(s3, {"part_bytes": 64 * 1024}, table=table)


class RememberingS3(FakeS3):
    """A bucket that keeps the moment after each request that changed it; set `table` before the recorder starts."""

    def __init__(self) -> None:
        super().__init__(min_part_bytes=0)
        self.table = WatchedTable()
        self.moments: list[Moment] = []

    def answer(self, request: RequestSeen, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry the request out and keep what is there then."""
        answer = super().answer(request, headers, body)
        if request.method not in ("GET", "HEAD"):
            uploads = {name: replace(upload, parts=dict(upload.parts)) for name, upload in self.uploads.items()}
            self.moments.append(Moment(request, dict(self.objects), uploads, deepcopy(self.table.items)))
        return answer


def moments_of(name: str, path: Path, *, part_bytes: int = 64 * 1024) -> list[Moment]:
    """A recording in one format, in small parts, and what lay in the bucket after each of its requests."""
    with RememberingS3() as s3:
        studio = Studio(s3, {"part_bytes": part_bytes, "checkpoint_seconds": 0.01}, table=s3.table)
        studio.order(path, template_order(name))
        assert studio.run().code == 0
        return s3.moments
