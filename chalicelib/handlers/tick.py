"""The minute tick: repairs what a trigger missed."""

from chalice import Blueprint, Rate
from chalice.app import CloudWatchEvent

from chalicelib import aws
from chalicelib.handlers.duties import each_duty
from chalicelib.live import domains, stream_control
from chalicelib.live.task_start import start_due
from chalicelib.notify.delivery import repair
from chalicelib.recording.ending import end_expired
from chalicelib.recording.supervision import tend

blueprint = Blueprint(__name__)


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="tick")
def tick(event: CloudWatchEvent) -> None:
    """Send callbacks whose message was lost, close sessions, end HLS that nobody continued, start due tasks."""
    each_duty(aws.table(), repair, tend, end_expired, start_due, domains.sweep, stream_control.sweep)
