"""A callback event is due."""

import time

from chalice import Blueprint
from chalice.app import SQSEvent

from chalicelib import aws
from chalicelib.handlers.batches import Failures, each_message
from chalicelib.notify.delivery import deliver
from chalicelib.notify.queue import event_id_of

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue="callback-due", batch_size=1, name="callback_due")
def callback_due(event: SQSEvent) -> Failures:
    """Send one callback."""
    return each_message(event, _deliver)


def _deliver(message: str) -> None:
    deliver(aws.table(), event_id_of(message), now=time.time())
