"""S3 told us of a ready object, through a queue."""

from chalice import Blueprint
from chalice.app import SQSEvent

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue="file-ready", batch_size=10, name="file_ready")
def file_ready(event: SQSEvent) -> None:
    """Index each finished file and write its callback events."""
