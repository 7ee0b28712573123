"""S3 told us of a ready object, through a queue."""

import time

from chalice import Blueprint
from chalice.app import SQSEvent

from chalicelib import aws
from chalicelib.handlers.batches import Failures, each_message
from chalicelib.recording.indexing import file_ids_of, index_file

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue="file-ready", batch_size=10, name="file_ready")
def file_ready(event: SQSEvent) -> Failures:
    """Index each finished file and write its callback events."""
    return each_message(event, _index)


def _index(message: str) -> None:
    for file_id in file_ids_of(message):
        index_file(aws.table(), file_id, now=time.time())
