"""Recorders of the local stack: tasks of the ECS stand-in as processes, their end told to the task-stopped function."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from infra.local.child import Child
from infra.local.deployment import Deployed
from infra.local.ecs import Ecs
from infra.local.emulator import Emulator
from infra.local.task import Task, TaskDefinition

PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "VIRTUAL_ENV", "TMPDIR")


class Recorders:
    """Starts and ends recorder processes for the stand-in; one event loop owns it."""

    def __init__(
        self,
        emulator: Emulator,
        deployed: Deployed,
        *,
        log: Path,
        on_line: Callable[[str], None],
    ) -> None:
        self.ecs = Ecs(cache(self._definition), self._launch)
        self._emulator = emulator
        self._deployed = deployed
        self._client = emulator.client("ecs")
        self._lambda = emulator.client("lambda")
        self._log = log
        self._on_line = on_line
        self._told: set[asyncio.Task[None]] = set()

    async def stop_all(self, seconds: float, at_once: asyncio.Event) -> None:
        """End every recorder, as a deployment's end would: time to finish its files, or none when `at_once` is set."""
        for task in self.ecs.running():
            task.stop("The stack was stopped")
        deadline = time.monotonic() + seconds
        while self.ecs.running() and time.monotonic() < deadline and not at_once.is_set():
            await asyncio.sleep(0.05)
        for task in self.ecs.running():
            task.kill()
        while self.ecs.running():
            await asyncio.sleep(0.05)
        await asyncio.gather(*self._told, return_exceptions=True)

    async def kill_overdue(self) -> None:
        """Kill, for as long as it is not cancelled, what did not end within its stop timeout."""
        while True:
            await asyncio.sleep(0.5)
            for task in self.ecs.running():
                if task.kill_at is not None and time.monotonic() > task.kill_at:
                    task.kill()

    def _definition(self, name: str) -> TaskDefinition | None:
        try:
            answer = self._client.describe_task_definition(taskDefinition=name)["taskDefinition"]
        except self._client.exceptions.ClientException:
            return None
        cluster = self._client.describe_clusters(clusters=[self._deployed.cluster])["clusters"][0]
        return TaskDefinition.from_answer(answer, cluster["clusterArn"])

    def _launch(self, task: Task) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if name in PASSED_ON},
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self._emulator.endpoint,
            **self._deployed.overrides,
            **task.environment,
        }
        loop = asyncio.get_running_loop()

        def on_end(code: int) -> None:
            loop.call_soon_threadsafe(self._ended, task, code)

        process = Child(
            "a recorder",
            [sys.executable, "-m", "recorder_task"],
            environment,
            log=self._log,
            on_line=self._on_line,
            on_end=on_end,
        )
        task.run(process)

    def _ended(self, task: Task, code: int) -> None:
        task.ended(code, time.time())
        telling = asyncio.get_running_loop().create_task(asyncio.to_thread(self._tell, task.stopped_event()))
        self._told.add(telling)
        telling.add_done_callback(self._told.discard)

    def _tell(self, event: dict[str, Any]) -> None:
        self._lambda.invoke(
            FunctionName=self._deployed.task_stopped_function, InvocationType="Event", Payload=json.dumps(event)
        )
