"""The stand-in for ECS, asked by boto3 as the functions ask ECS."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.ecs import Ecs
from infra.local.task import Task, TaskDefinition
from tests.fakes.serving import serving

CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/tapedeck"
DEFINITION = TaskDefinition(
    arn="arn:aws:ecs:us-east-1:000000000000:task-definition/tapedeck-recorder:1",
    cluster_arn=CLUSTER,
    container="recorder",
    environment={"TABLE_NAME": "tapedeck", "STAGE": "local"},
    stop_seconds=120.0,
)


class FakeProcess:
    """Notes what was done to it."""

    def __init__(self) -> None:
        self.signals: list[str] = []

    def terminate(self) -> None:
        self.signals.append("SIGTERM")

    def kill(self) -> None:
        self.signals.append("SIGKILL")


class FakeLauncher:
    """Starts fake processes."""

    def __init__(self) -> None:
        self.launched: list[tuple[Task, FakeProcess]] = []

    def __call__(self, task: Task) -> None:
        process = FakeProcess()
        self.launched.append((task, process))
        task.run(process)


@pytest.fixture
def launcher() -> FakeLauncher:
    return FakeLauncher()


@pytest.fixture
def client(launcher: FakeLauncher) -> Iterator[Any]:
    ecs = Ecs({DEFINITION.arn: DEFINITION}.get, launcher)
    with serving(ecs.application()) as url:
        client = boto3.client("ecs", endpoint_url=url, region_name="us-east-1")
        yield client
        client.close()


def run(client: Any, session: str = "s1", token: str = "token-1") -> Any:
    return client.run_task(
        cluster="tapedeck",
        taskDefinition=DEFINITION.arn,
        launchType="FARGATE",
        clientToken=token,
        startedBy=session,
        overrides={
            "containerOverrides": [{"name": "recorder", "environment": [{"name": "SESSION_ID", "value": session}]}]
        },
    )


def test_a_task_runs_in_the_definition_s_environment_and_its_own(client: Any, launcher: FakeLauncher) -> None:
    (task,) = run(client)["tasks"]
    assert task["lastStatus"] == "RUNNING"
    assert task["taskArn"].startswith("arn:aws:ecs:us-east-1:000000000000:task/tapedeck/")
    ((launched, _),) = launcher.launched
    assert launched.environment == {"TABLE_NAME": "tapedeck", "STAGE": "local", "SESSION_ID": "s1"}


def test_the_same_client_token_starts_one_task(client: Any, launcher: FakeLauncher) -> None:
    assert run(client)["tasks"][0]["taskArn"] == run(client)["tasks"][0]["taskArn"]
    assert len(launcher.launched) == 1


def test_a_client_token_used_for_something_else_is_a_conflict(client: Any) -> None:
    run(client, "s1")
    with pytest.raises(ClientError, match="ConflictException"):
        run(client, "s2")


def test_an_unknown_task_definition_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="TaskDefinition not found"):
        client.run_task(taskDefinition="nobody:1")


def test_a_stopped_task_gets_a_sigterm_once(client: Any, launcher: FakeLauncher) -> None:
    arn = run(client)["tasks"][0]["taskArn"]
    for _ in range(2):
        answer = client.stop_task(cluster="tapedeck", task=arn, reason="a test")
        assert (answer["task"]["desiredStatus"], answer["task"]["lastStatus"]) == ("STOPPED", "RUNNING")
    ((task, process),) = launcher.launched
    assert process.signals == ["SIGTERM"]
    assert task.kill_at is not None
    task.kill()
    assert process.signals == ["SIGTERM", "SIGKILL"]


def test_stopping_an_unknown_task_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        client.stop_task(task="nobody")


def test_tasks_are_listed_by_status_and_by_who_started_them(client: Any, launcher: FakeLauncher) -> None:
    first = run(client, "s1", "token-1")["tasks"][0]["taskArn"]
    second = run(client, "s2", "token-2")["tasks"][0]["taskArn"]
    assert client.list_tasks(startedBy="s2")["taskArns"] == [second]
    launcher.launched[0][0].ended(0, now=100.0)
    assert client.list_tasks()["taskArns"] == [second]
    assert client.list_tasks(desiredStatus="STOPPED")["taskArns"] == [first]


def test_a_task_is_described_and_an_unknown_one_is_a_failure(client: Any, launcher: FakeLauncher) -> None:
    arn = run(client)["tasks"][0]["taskArn"]
    launcher.launched[0][0].ended(-9, now=100.0)
    answer = client.describe_tasks(tasks=[arn, "nobody"])
    (task,) = answer["tasks"]
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 137)
    assert answer["failures"] == [{"arn": "nobody", "reason": "MISSING"}]


def test_an_operation_it_does_not_know_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="UnsupportedOperation"):
        client.list_clusters()


def test_the_end_of_a_task_is_told_as_eventbridge_tells_it() -> None:
    task = Task(DEFINITION, environment={"SESSION_ID": "s1"}, started_by="s1", now=1_790_000_000.0)
    task.run(FakeProcess())
    task.stop("a test")
    task.ended(0, now=1_790_000_060.5)
    event = task.stopped_event()
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": "000000000000",
        "time": "2026-09-21T14:14:20.500000Z",
        "region": "us-east-1",
        "resources": [task.arn],
        "detail": {
            "taskArn": task.arn,
            "clusterArn": CLUSTER,
            "taskDefinitionArn": DEFINITION.arn,
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "launchType": "FARGATE",
            "createdAt": "2026-09-21T14:13:20Z",
            "startedBy": "s1",
            "containers": [
                {
                    "containerArn": task.arn.replace(":task/", ":container/"),
                    "taskArn": task.arn,
                    "name": "recorder",
                    "lastStatus": "STOPPED",
                    "exitCode": 0,
                }
            ],
            "overrides": {
                "containerOverrides": [
                    {"name": "recorder", "environment": [{"name": "SESSION_ID", "value": "s1"}]},
                ]
            },
            "stoppedAt": "2026-09-21T14:14:20.500000Z",
            "stopCode": "UserInitiated",
            "stoppedReason": "a test",
        },
    }
