"""What S3 tells through its queue: objects were created, and each kind has a taker."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import unquote_plus

from chalicelib.logs import log
from chalicelib.recording import naming
from chalicelib.recording.ending import wake_for
from chalicelib.recording.indexing import index_file
from chalicelib.recording.reporting import tell, tell_of_push
from chalicelib.table import Table


class Taker(Protocol):
    """Does what an object is there for; the same object again changes nothing."""

    def __call__(self, table: Table, name: str, /, *, now: float) -> None: ...


def take_report(table: Table, report_id: str, /, *, now: float) -> None:
    """Tell a report, and look ahead to what will become due by it."""
    wake_for(table, tell(table, report_id, now=now), now=now)


TAKERS: tuple[tuple[Callable[[str], str | None], Taker], ...] = (
    (naming.file_id_of_ready_key, index_file),
    (naming.report_id_of_key, take_report),
    (naming.push_report_id_of_key, tell_of_push),
)
"""Who finds an id in a key, and who takes the object of that id."""


def take(table: Table, message: str, *, now: float) -> None:
    """Take every object that an S3 notification names; raises what a taker raises."""
    for taker, name in named_in(message):
        taker(table, name, now=now)


def named_in(message: str) -> Iterator[tuple[Taker, str]]:
    """The objects of a notification, each as its taker and id; S3's own test event names none."""
    notification: dict[str, Any] = json.loads(message)
    for record in notification.get("Records", []):
        key = unquote_plus(record["s3"]["object"]["key"])
        found = [(taker, name) for id_of, taker in TAKERS if (name := id_of(key)) is not None]
        if not found:
            log("object_ignored", key=key, reason="neither a ready object nor a report")
        yield from found
