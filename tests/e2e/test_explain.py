"""What ExplainRecording tells of a publish that really was: what was decided, and every file that came of it."""

import time
from typing import Any

import pytest

from infra.local.running import StackFacts
from tests.e2e.scene import ANNOUNCED_SECONDS, Scene, clip_of, recorded
from tests.polling import ask_until

pytestmark = pytest.mark.e2e


def settled(scene: Scene, address: dict[str, str]) -> dict[str, Any]:
    """The explanation once the recorder has said its last word, which follows its files."""

    def has_ended(answer: dict[str, Any]) -> bool:
        recordings = answer["Publishes"][0]["Recordings"]
        return {format_["State"] for recording in recordings for format_ in recording["Formats"]} == {"ended"}

    def explanation() -> dict[str, Any]:
        return scene.customer.own("ExplainRecording", **address)

    return ask_until(explanation, has_ended, seconds=ANNOUNCED_SECONDS, what="every format has ended")


def test_a_publish_by_rule_and_task_is_explained_with_its_files(stack: StackFacts) -> None:
    with recorded(stack, "flv", "hls") as scene:
        customer, address = scene.customer, scene.address("room")
        task_id = customer.live("CreateRecordTask", **address, EndTime=int(time.time()) + 600)["TaskId"]
        scene.publish(clip_of(5))
        events = scene.files(3)
        scene.receiver.wait_for(1, timeout_seconds=ANNOUNCED_SECONDS, event_type=0)
        answer = settled(scene, address)
        customer.live("DeleteRecordTask", TaskId=task_id)
    [publish] = answer["Publishes"]
    template_id = scene.arrangement.template_id
    assert answer["Explanation"][-1] == "A publish now would be recorded in 3 files at a time."
    assert publish["State"] == "ended"
    assert publish["Explanation"] == [
        f"The rule {stack.push_domain}/{scene.app}/* won, with template {template_id}.",
        f"The task {task_id} was due.",
        f"template-{template_id}: FLV ended; 1 file.",
        f"template-{template_id}: HLS ended; 1 file.",
        f"task-{task_id}: HLS ended; 1 file.",
        "3 files came of it.",
    ]
    files = {
        file["FileId"]
        for recording in publish["Recordings"]
        for format_ in recording["Formats"]
        for file in format_["Files"]
    }
    assert files == {event["file_id"] for event in events}
