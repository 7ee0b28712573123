"""ECS in memory: tasks that were asked for, one a client token."""

from collections.abc import Callable, Mapping
from typing import Any


class FakeEcs:
    """Answers RunTask; `requests` are all that were made, `tasks` those that led to a task."""

    def __init__(self) -> None:
        self.requests: list[Mapping[str, Any]] = []
        self.tasks: dict[str, Mapping[str, Any]] = {}
        self.refusal: str | None = None
        self.is_down = False
        self.on_start: Callable[[str], None] = lambda session_id: None

    def run_task(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.is_down:
            raise ConnectionError("ECS is down")
        if self.refusal:
            return {"tasks": [], "failures": [{"arn": "cluster", "reason": self.refusal}]}
        token = request["clientToken"]
        arn = f"arn:aws:ecs:us-east-1:000000000000:task/tapedeck/{token}"
        if token not in self.tasks:
            self.tasks[token] = request
            self.on_start(request["startedBy"])
        return {"tasks": [{"taskArn": arn}], "failures": []}


def detail(session_id: str, launch: int = 1, *, exit_code: int | None = 1, **facts: Any) -> dict[str, Any]:
    """`detail` of ECS's event that a recorder's task has stopped."""
    environment = {"SESSION_ID": session_id, "LAUNCH": str(launch)}
    container = {"name": "recorder", "lastStatus": "STOPPED"} | ({} if exit_code is None else {"exitCode": exit_code})
    return {
        "taskArn": "arn:aws:ecs:us-east-1:000000000000:task/tapedeck/1",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [container],
        "overrides": {
            "containerOverrides": [
                {
                    "name": "recorder",
                    "environment": [{"name": name, "value": value} for name, value in environment.items()],
                }
            ]
        },
        **facts,
    }
