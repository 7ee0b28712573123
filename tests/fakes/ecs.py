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
