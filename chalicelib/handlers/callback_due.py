"""A callback event is due."""

from chalice import Blueprint
from chalice.app import SQSEvent

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue="callback-due", batch_size=1, name="callback_due")
def callback_due(event: SQSEvent) -> None:
    """Send one callback."""
