"""A stand-in for ECS: RunTask, StopTask, ListTasks, DescribeTasks over its JSON protocol; a task is a process.

Functions reach it by AWS_ENDPOINT_URL_ECS, with the client and the calls they use on AWS. Task definitions are read
from the emulator, so a recorder has the environment that the template gives it.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from infra.local.task import Task, TaskDefinition

TARGET = "AmazonEC2ContainerServiceV20141113."
CONTENT_TYPE = "application/x-amz-json-1.1"
KEPT_STOPPED = 500  # ECS forgets a stopped task after an hour; so many are kept here


class EcsError(Exception):
    """An error of the protocol; `code` is its `__type`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Launch(Protocol):
    """Starts the process of a task; the task is told when it ends."""

    def __call__(self, task: Task) -> None: ...


class Ecs:
    """The tasks of one cluster; not for use by more than one thread."""

    def __init__(self, definition: Callable[[str], TaskDefinition | None], launch: Launch) -> None:
        self.tasks: dict[str, Task] = {}
        self._definition = definition
        self._launch = launch
        self._tokens: dict[str, tuple[Mapping[str, Any], list[str]]] = {}
        self._actions: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "RunTask": self.run_task,
            "StopTask": self.stop_task,
            "ListTasks": self.list_tasks,
            "DescribeTasks": self.describe_tasks,
        }

    def application(self) -> web.Application:
        """The aiohttp application that speaks the protocol."""
        application = web.Application()
        application.router.add_post("/", self._answer)
        return application

    def run_task(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Start a task, or give back the one that the same client token started."""
        token = request.get("clientToken")
        if token and token in self._tokens:
            earlier, arns = self._tokens[token]
            if earlier != request:
                raise EcsError("ConflictException", "The client token was used with other parameters.")
            return {"tasks": [self.tasks[arn].describe() for arn in arns if arn in self.tasks], "failures": []}
        definition = self._definition(request["taskDefinition"])
        if definition is None:
            raise EcsError("ClientException", f"TaskDefinition not found: {request['taskDefinition']}")
        started = [self._start(definition, request) for _ in range(request.get("count", 1))]
        if token:
            self._tokens[token] = (request, [task.arn for task in started])
        return {"tasks": [task.describe() for task in started], "failures": []}

    def stop_task(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """SIGTERM now, SIGKILL after the task definition's stop timeout."""
        task = self._find(request["task"])
        if task is None:
            raise EcsError("InvalidParameterException", "The referenced task was not found.")
        task.stop(request.get("reason", "Task stopped by the user"))
        return {"task": task.describe()}

    def list_tasks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """ARNs of the running tasks, or with desiredStatus=STOPPED of those that ended."""
        wanted = request.get("desiredStatus", "RUNNING")
        started_by = request.get("startedBy")
        return {
            "taskArns": [
                task.arn
                for task in self.tasks.values()
                if task.desired_status == wanted and (started_by is None or task.started_by == started_by)
            ]
        }

    def describe_tasks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The tasks that are known, a failure for each that is not."""
        found = {name: self._find(name) for name in request["tasks"]}
        return {
            "tasks": [task.describe() for task in found.values() if task],
            "failures": [{"arn": name, "reason": "MISSING"} for name, task in found.items() if task is None],
        }

    def running(self) -> Sequence[Task]:
        """Tasks that have not ended."""
        return [task for task in self.tasks.values() if task.last_status != "STOPPED"]

    def _start(self, definition: TaskDefinition, request: Mapping[str, Any]) -> Task:
        overrides = request.get("overrides", {}).get("containerOverrides", [])
        task = Task(
            definition,
            environment={each["name"]: each["value"] for override in overrides for each in override["environment"]},
            started_by=request.get("startedBy", ""),
            now=time.time(),
        )
        self.tasks[task.arn] = task
        self._launch(task)
        stopped = [task.arn for task in self.tasks.values() if task.last_status == "STOPPED"]
        for arn in stopped[:-KEPT_STOPPED]:
            del self.tasks[arn]
        return task

    def _find(self, name: str) -> Task | None:
        return next((task for arn, task in self.tasks.items() if name in (arn, arn.rpartition("/")[2])), None)

    async def _answer(self, request: web.Request) -> web.Response:
        target = request.headers.get("X-Amz-Target", "")
        try:
            action = self._actions.get(target.removeprefix(TARGET))
            if action is None:
                raise EcsError("UnsupportedOperationException", f"The stand-in does not know {target}.")
            answer, status = action(json.loads(await request.read())), 200
        except EcsError as error:
            answer, status = {"__type": error.code, "message": str(error)}, 400
        return web.Response(body=json.dumps(answer), status=status, headers={"Content-Type": CONTENT_TYPE})
