"""Schedules: EventBridge Scheduler wakes the minute tick once more at a moment. Who is woken decides by its own clock.

The one place where schedules are made. A schedule is one-time, in UTC, and deleted after it ran. It may come up to a
minute late (the service's precision), twice, or never: the tick comes every minute by itself. All that is due at about
one moment shares one schedule, named by that moment: however much is due, there are few ticks.
"""

import json
import math
from datetime import UTC, datetime

from chalicelib import aws
from chalicelib.conflicts import error_code
from chalicelib.logs import log
from chalicelib.settings import settings

GRID_SECONDS = 5
"""Moments are rounded up to a multiple of this."""
EVENT = json.dumps(
    {
        "version": "0",
        "id": "",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "",
        "time": "",
        "region": "",
        "resources": [],
        "detail": {},
    }
)
"""What the tick's function is given: the form of the event that its rule sends."""


def wake_at(moment: float, *, now: float) -> None:
    """Have the tick run at `moment` (unix s), or a little later; a moment that has passed is the caller's to act on.

    A schedule that cannot be made is logged and no more: the minute tick comes all the same.
    """
    second = math.ceil(moment / GRID_SECONDS) * GRID_SECONDS
    if moment <= now or not settings().schedule_target_arn:
        return
    try:
        aws.client("scheduler").create_schedule(
            Name=f"wake-{second}",
            GroupName=settings().schedule_group,
            ScheduleExpression=f"at({datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": settings().schedule_target_arn,
                "RoleArn": settings().schedule_role_arn,
                "Input": EVENT,
                "RetryPolicy": {"MaximumRetryAttempts": 0},
            },
        )
    except Exception as error:  # whatever the service says or does
        if error_code(error) != "ConflictException":  # somebody has asked for that moment before
            log("not_scheduled", at=second, error=str(error))
