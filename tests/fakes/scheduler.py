"""EventBridge Scheduler in memory: schedules by name."""

from typing import Any


class Conflict(Exception):
    """As botocore tells of a name that is taken."""

    response = {"Error": {"Code": "ConflictException"}}  # noqa: RUF012 - as an instance of botocore's has it


class FakeScheduler:
    """Answers CreateSchedule; `requests` are all that were made, `schedules` those that led to one."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.schedules: dict[str, dict[str, Any]] = {}
        self.is_down = False

    def create_schedule(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.is_down:
            raise ConnectionError("the scheduler is down")
        if request["Name"] in self.schedules:
            raise Conflict
        self.schedules[request["Name"]] = request
        return {"ScheduleArn": f"arn:aws:scheduler:us-east-1:000000000000:schedule/tapedeck/{request['Name']}"}
