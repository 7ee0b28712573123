"""Turns the log lines of functions, recorders and the origin into lines a person reads: one an event. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

TITLES: Mapping[str, str] = {
    "publisher_arrived": "publisher arrived",
    "name_refused": "name refused",
    "published": "published",
    "matched": "matched",
    "publish_refused": "publish refused",
    "stream_forbidden": "stream forbidden",
    "stream_resumed": "stream resumed",
    "domain_disabled": "domain disabled",
    "publisher_not_dropped": "publisher NOT dropped",
    "recorder_launched": "recorder launched",
    "recorder_not_launched": "recorder NOT launched",
    "recorder_started": "recorder started",
    "subscribed": "subscribed",
    "recording_started": "recording",
    "recording_paused": "recording paused",
    "recording_resumed": "recording goes on",
    "recording_broken": "recording BROKEN",
    "recording_failed": "recording FAILED",
    "file_ready": "file ready",
    "file_indexed": "file indexed",
    "callback_delivered": "callback delivered",
    "callback_failed": "callback failed",
    "callback_parked": "callback PARKED",
    "unpublished": "unpublished",
    "recorder_ended": "recorder ended",
    "recorder_stopped": "recorder stopped",
    "recorder_lost": "recorder LOST",
    "publish_not_held": "recorder late",
    "message_failed": "message FAILED",
    "callback_not_queued": "callback NOT queued",
    "hook_refused": "hook refused",
    "hook_failed": "hook FAILED",
}
"""What is told; other events stay in the log files."""

SHOWN_FIRST = ("stream", "format", "file_id")
NOT_SHOWN = frozenset({"time", "event", "session_id", "task_arn", "request_id", "level", "request", "answer"})


def narrate(line: str) -> str | None:
    """The line for a person, or None where the log line is nothing to tell."""
    try:
        facts = json.loads(line)
    except ValueError:
        return None
    if not isinstance(facts, dict) or facts.get("event") not in TITLES:
        return None
    at = datetime.fromtimestamp(float(facts.get("time", 0))).astimezone().strftime("%H:%M:%S")
    return f"{at}  {TITLES[facts['event']]:<22}{_facts(facts)}".rstrip()


def _facts(facts: Mapping[str, Any]) -> str:
    first = [str(facts[name]) for name in SHOWN_FIRST if facts.get(name)]
    rest = [
        f"{name}={_value(value)}"
        for name, value in facts.items()
        if name not in NOT_SHOWN and name not in SHOWN_FIRST and value not in (None, "", [], {})
    ]
    return "  ".join([*first, *rest])


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
