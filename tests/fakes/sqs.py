"""A queue in memory."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    """What lies in the queue: the event it names, and the delay it was given."""

    event_id: str
    delay_seconds: int


class FakeSqs:
    """Answers SendMessageBatch; `messages` are those nobody has taken."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.is_down = False

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        if self.is_down:
            raise ConnectionError("SQS is down")
        if len(Entries) > 10:
            raise ValueError("TooManyEntriesInBatchRequest")
        for entry in Entries:
            self.messages.append(Message(json.loads(entry["MessageBody"])["event_id"], entry["DelaySeconds"]))
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def take(self) -> list[Message]:
        """Every message, taken out."""
        taken, self.messages = self.messages, []
        return taken
