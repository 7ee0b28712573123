"""ECS told us that a recorder's task has stopped."""

import time

from chalice import Blueprint
from chalice.app import CloudWatchEvent

from chalicelib import aws
from chalicelib.recording.supervision import recorder_stopped

blueprint = Blueprint(__name__)


@blueprint.on_cw_event(
    {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"], "detail": {"lastStatus": ["STOPPED"]}},
    name="task_stopped",
)
def task_stopped(event: CloudWatchEvent) -> None:
    """Close the session of a recorder that ended without saying so."""
    recorder_stopped(aws.table(), event.detail, now=time.time())
