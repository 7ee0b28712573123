"""Follows the functions' logs in CloudWatch, as any emulator offers them."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

POLL_SECONDS = 0.5
LATE_MS = 30_000  # a function that holds a publish logs its first lines with an old time


class FunctionLogs:
    """Hands every new log line of the functions to `on_line`, in the order in which they are seen."""

    def __init__(self, logs: Any, functions: Iterable[str], on_line: Callable[[str], None]) -> None:
        self._logs = logs
        self._groups = [f"/aws/lambda/{name}" for name in functions]
        self._on_line = on_line
        self._since_ms = int(time.time() * 1000)
        self._seen: dict[tuple[str, int, str], int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="function logs", daemon=True)

    def start(self) -> None:
        """Follow from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Read what has come in the meantime, then end."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self._read()
        self._read()

    def _read(self) -> None:
        oldest = max(self._since_ms, int(time.time() * 1000) - LATE_MS)
        self._seen = {event: at for event, at in self._seen.items() if at >= oldest}
        events = [event for group in self._groups for event in self._events(group, oldest)]
        for event in sorted(events, key=lambda event: event["timestamp"]):
            same = (event["logStreamName"], event["timestamp"], event["message"])  # MiniStack gives no eventId
            if same not in self._seen:
                self._seen[same] = event["timestamp"]
                self._on_line(event["message"].rstrip("\n"))

    def _events(self, group: str, oldest: int) -> list[Mapping[str, Any]]:
        try:
            pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=oldest)
            return [event for page in pages for event in page["events"]]
        except (BotoCoreError, ClientError):
            return []  # no group: the function has not run yet; no answer: the emulator's end is told by others
