"""A task of the ECS stand-in: its states, as DescribeTasks and the event of its end tell them."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class TaskDefinition:
    """What is needed of a task definition with one container."""

    arn: str
    cluster_arn: str
    container: str
    environment: Mapping[str, str]
    stop_seconds: float

    @classmethod
    def from_answer(cls, definition: Mapping[str, Any], cluster_arn: str) -> "TaskDefinition":
        """The definition in an answer of DescribeTaskDefinition."""
        container = definition["containerDefinitions"][0]
        return cls(
            arn=definition["taskDefinitionArn"],
            cluster_arn=cluster_arn,
            container=container["name"],
            environment={each["name"]: each["value"] for each in container.get("environment", [])},
            stop_seconds=float(container.get("stopTimeout", 30)),
        )


class Process(Protocol):
    """What a task needs of its process."""

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Task:
    """One task; times are unix seconds."""

    def __init__(
        self, definition: TaskDefinition, *, environment: Mapping[str, str], started_by: str, now: float
    ) -> None:
        self.definition = definition
        self.overrides = environment
        self.started_by = started_by
        self.created_at = now
        region, account = definition.cluster_arn.split(":")[3:5]
        cluster = definition.cluster_arn.rpartition("/")[2]
        self.arn = f"arn:aws:ecs:{region}:{account}:task/{cluster}/{uuid.uuid4().hex}"
        self.last_status = "PENDING"
        self.desired_status = "RUNNING"
        self.exit_code: int | None = None
        self.stop_code = ""
        self.stopped_reason = ""
        self.stopped_at = 0.0
        self.kill_at: float | None = None
        self._process: Process | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The container's environment: the definition's, then the overrides."""
        return {**self.definition.environment, **self.overrides}

    def run(self, process: Process) -> None:
        """The process is there."""
        self._process = process
        self.last_status = "RUNNING"

    def stop(self, reason: str) -> None:
        """Ask the process to end; it is killed at `kill_at` if it has not."""
        if self.desired_status == "STOPPED" or self._process is None:
            return
        self.desired_status = "STOPPED"
        self.stop_code, self.stopped_reason = "UserInitiated", reason
        self.kill_at = time.monotonic() + self.definition.stop_seconds
        self._process.terminate()

    def kill(self) -> None:
        """End the process that would not end."""
        if self._process and self.last_status != "STOPPED":
            self._process.kill()

    def ended(self, code: int, now: float) -> None:
        """The process is gone; a signal's number counts from 128, as in a container."""
        self.last_status = self.desired_status = "STOPPED"
        self.exit_code = code if code >= 0 else 128 - code
        self.stopped_at = now
        if not self.stop_code:
            self.stop_code, self.stopped_reason = "EssentialContainerExited", "Essential container in task exited"

    def describe(self) -> dict[str, Any]:
        """The task as the API's answers hold it."""
        container: dict[str, Any] = {
            "containerArn": self.arn.replace(":task/", ":container/"),
            "taskArn": self.arn,
            "name": self.definition.container,
            "lastStatus": self.last_status,
        }
        described = {
            "taskArn": self.arn,
            "clusterArn": self.definition.cluster_arn,
            "taskDefinitionArn": self.definition.arn,
            "lastStatus": self.last_status,
            "desiredStatus": self.desired_status,
            "launchType": "FARGATE",
            "createdAt": self.created_at,
            "startedBy": self.started_by,
            "containers": [container],
            "overrides": {
                "containerOverrides": [
                    {
                        "name": self.definition.container,
                        "environment": [{"name": name, "value": value} for name, value in self.overrides.items()],
                    }
                ]
            },
        }
        if self.last_status == "STOPPED":
            container["exitCode"] = self.exit_code
            described |= {
                "stoppedAt": self.stopped_at,
                "stopCode": self.stop_code,
                "stoppedReason": self.stopped_reason,
            }
        return described

    def stopped_event(self) -> dict[str, Any]:
        """The event that EventBridge delivers when a task has stopped."""
        detail = {
            name: datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")
            if name.endswith("At")
            else value
            for name, value in self.describe().items()
        }
        region, account = self.arn.split(":")[3:5]
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "ECS Task State Change",
            "source": "aws.ecs",
            "account": account,
            "time": detail["stoppedAt"],
            "region": region,
            "resources": [self.arn],
            "detail": detail,
        }
