"""S3 told us of a ready object or of a report, through a queue."""

import time

from chalice import Blueprint
from chalice.app import SQSEvent

from chalicelib import aws
from chalicelib.handlers.batches import Failures, each_message
from chalicelib.recording.created_objects import take

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue="file-ready", batch_size=10, name="file_ready")
def file_ready(event: SQSEvent) -> Failures:
    """Index each finished file and write its callback event; write those of reports."""
    return each_message(event, _take)


def _take(message: str) -> None:
    take(aws.table(), message, now=time.time())
