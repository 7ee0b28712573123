"""The minute tick: repairs what a trigger missed."""

from chalice import Blueprint, Rate
from chalice.app import CloudWatchEvent

blueprint = Blueprint(__name__)


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="tick")
def tick(event: CloudWatchEvent) -> None:
    """Send due callbacks whose message was lost, close sessions that nobody closed."""
