"""Starts recorders: one ECS task a launch, its client token made of the session and the launch's number."""

from typing import Any

from chalicelib import aws, keys
from chalicelib.attribute_values import Item
from chalicelib.logs import log
from chalicelib.recording import recorder_life
from chalicelib.recording.giving_up import give_up
from chalicelib.recording.recorder_life import RecorderState
from chalicelib.recording.session import stream_of
from chalicelib.settings import settings
from chalicelib.table import ConditionFailed, Table

CONTAINER = "recorder"
"""Name of the container in the task definition."""
SESSION_VARIABLE, LAUNCH_VARIABLE = "SESSION_ID", "LAUNCH"


def ensure_recorder(table: Table, session_id: str, *, now: float) -> None:
    """Start a recorder for a session that has work and no recorder; twice is once."""
    session = table.get(keys.session(session_id))
    if session is None or not recorder_life.is_wanted(session, now=now):
        return
    if recorder_life.state_of(session, now=now) not in (RecorderState.STARTING, RecorderState.RUNNING):
        launch_again(table, session, now=now)


def launch_again(table: Table, session: Item, *, now: float) -> None:
    """Make the session's next launch, unless somebody else makes it or the stream has gone."""
    try:
        launched = table.update(recorder_life.launched(session, now=now))
    except ConditionFailed:
        return
    launch(table, launched, now=now)


def launch(table: Table, session: Item, *, now: float) -> None:
    """Ask ECS for the task of the session's latest launch; asked again, ECS answers with the task it has.

    A refusal is logged and written to the session, whose publish goes on: the tick tries again.
    """
    number = session["launches"]
    facts = {"session_id": session["session_id"], "stream": str(stream_of(session)), "launch": number}
    try:
        task_arn = _run_task(session["session_id"], number)
    except Exception as error:  # whatever ECS says or does, the publish goes on
        log("recorder_not_launched", **facts, error=str(error))
        stop(table, session["session_id"], launch=number, reason=f"not launched: {error}", now=now)
        return
    log("recorder_launched", **facts, task_arn=task_arn)


def stop(table: Table, session_id: str, *, launch: int, reason: str, now: float) -> None:
    """Write that a launch is over, once; tells so where its recorder will not be tried again.

    A launch that came to a session which another one had claimed by then was never at work: it changes nothing.
    """
    for _ in range(3):  # its recorder may write at the same moment
        session = table.get(keys.session(session_id))
        if session is None or recorder_life.launch_at_work(session) != launch or session["stopped_launch"] >= launch:
            return
        try:
            has_open_files = has_open_files_of(table, session_id)
            end = recorder_life.stopped(session, launch=launch, reason=reason, now=now, has_open_files=has_open_files)
            after = session | {name: end.set[name] for name in end.set if isinstance(name, str)}
            has_work = recorder_life.has_work(after, now=now, has_open_files=has_open_files)
            if has_work and recorder_life.has_given_up(after):
                give_up(table, end, after, now=now)
            else:
                table.update(end)
        except ConditionFailed:
            continue
        return


def has_open_files_of(table: Table, session_id: str) -> bool:
    """Whether files of the session are being written, or were left open by a recorder that died."""
    return any(table.query(keys.session(session_id).pk, prefix=keys.FILE_PREFIX, limit=1))


def _run_task(session_id: str, number: int) -> str:
    environment = {SESSION_VARIABLE: session_id, LAUNCH_VARIABLE: str(number)}
    request: dict[str, Any] = {
        "cluster": settings().ecs_cluster,
        "taskDefinition": settings().ecs_task_definition,
        "launchType": "FARGATE",
        "count": 1,
        "clientToken": f"{session_id}-{number}",
        "startedBy": session_id,
        "overrides": {
            "containerOverrides": [
                {
                    "name": CONTAINER,
                    "environment": [{"name": name, "value": value} for name, value in environment.items()],
                }
            ]
        },
    }
    if settings().ecs_subnets:
        # A public address is how a task in a public subnet reaches ECR and S3; behind a NAT it changes nothing.
        request["networkConfiguration"] = {
            "awsvpcConfiguration": {
                "subnets": settings().ecs_subnets.split(","),
                "securityGroups": [each for each in settings().ecs_security_groups.split(",") if each],
                "assignPublicIp": "ENABLED",
            }
        }
    answer = aws.client("ecs").run_task(**request)
    if not answer["tasks"]:
        raise RuntimeError(", ".join(each.get("reason", "unknown") for each in answer["failures"]) or "no task")
    return str(answer["tasks"][0]["taskArn"])
