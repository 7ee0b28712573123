"""What a publish of a stream would be recorded as, and why: rules, template, tasks, files. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib import keys
from chalicelib.api.moments import iso_text
from chalicelib.attribute_values import Item
from chalicelib.keys import Key
from chalicelib.live.task_items import is_due, order_of
from chalicelib.live.templates import continue_seconds_of, formats_of
from chalicelib.recording.matching import candidates
from chalicelib.recording.naming import DEFAULT_FILE_NAME, media_name
from chalicelib.recording.orders import FormatOrder, RecordFormat
from chalicelib.recording.stream import StreamRef

MATCHES = ("domain, app and stream", "domain and stream", "domain and app", "domain")
"""What a rule of each priority names, the first one wins."""
NO_FORMAT = "the template has no format on, which means: do not record"
HLS_EXAMPLE_SECONDS = 3600
"""How long the publish lasts by which an HLS file's name is shown."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a file's name is made of beside its pattern."""

    stream: StreamRef
    now: float
    utc_offset_hours: float

    def files(self, formats: Mapping[RecordFormat, FormatOrder]) -> list[dict[str, Any]]:
        """A file that begins now, in each format: its pattern, and its name if it lasts its whole interval."""
        return [
            {
                "Format": str(format_),
                "IntervalSeconds": order.interval_seconds,
                "NamePattern": order.file_name or DEFAULT_FILE_NAME,
                "NameExample": media_name(
                    order.file_name,
                    stream_id=self.stream.stream,
                    started_at=self.now,
                    ended_at=self.now + (order.interval_seconds or HLS_EXAMPLE_SECONDS),
                    utc_offset_hours=self.utc_offset_hours,
                ),
            }
            for format_, order in formats.items()
        ]


def rules_met(stream: StreamRef, found: Mapping[Key, Item]) -> list[dict[str, Any]]:
    """The four addresses that a rule for the stream may have, the winning one first, and what became of each."""
    met: list[dict[str, Any]] = []
    has_won = False
    for priority, triple in enumerate(candidates(stream), 1):
        rule = found.get(keys.record_rule(*triple))
        outcome = "absent" if rule is None else "loses" if has_won else "wins"
        has_won = has_won or rule is not None
        met.append(
            {
                "Priority": priority,
                **dict(zip(("DomainName", "AppName", "StreamName"), triple, strict=True)),
                "TemplateId": rule["TemplateId"] if rule else 0,
                "Outcome": outcome,
            }
        )
    return met


def rule_in_words(rule: Mapping[str, Any]) -> str:
    """A rule by its address; what it leaves open is `*`."""
    return "/".join(rule[name] or "*" for name in ("DomainName", "AppName", "StreamName"))


def by_rule(template: Item, names: Names) -> dict[str, Any]:
    """The recording that the winning rule orders."""
    files = names.files(formats_of(template))
    return {
        "Source": "rule",
        "TemplateId": template["TemplateId"],
        "TemplateName": template["TemplateName"],
        "TaskId": "",
        "IsRecorded": int(bool(files)),
        "Reason": "" if files else NO_FORMAT,
        "ContinueSeconds": continue_seconds_of(template),
        "Files": files,
    }


def by_task(task: Item, template: Item | None, names: Names, *, lead_seconds: float) -> dict[str, Any]:
    """The recording that a task orders."""
    order = order_of(task, template)
    files = names.files(order.formats)
    reason = why_not(task, now=names.now, lead_seconds=lead_seconds)
    if not reason and not files:
        reason = NO_FORMAT
    return {
        "Source": "task",
        "TemplateId": order.template_id,
        "TemplateName": template["TemplateName"] if template else "",
        "TaskId": task["TaskId"],
        "StartTime": task["StartTime"],
        "EndTime": task["EndTime"],
        "IsRecorded": int(not reason),
        "Reason": reason,
        "ContinueSeconds": order.continue_seconds,
        "Files": files,
    }


def why_not(task: Item, *, now: float, lead_seconds: float) -> str:
    """Why an ordinary publish at `now` (unix s) is not recorded by the task; nothing where it is."""
    if task["deleted_at"]:
        return f"it was deleted at {iso_text(task['deleted_at'])}"
    if task["Stopped"]:
        return f"it was stopped at {iso_text(task['Stopped'])}"
    if is_due(task, now=now, lead_seconds=lead_seconds, is_mixed=False):
        return ""
    if task["StreamType"] == 1:
        return "it records only what a mixer publishes under this name"
    return f"it begins at {iso_text(task['StartTime'])}"


def in_words(stream: StreamRef, rules: list[dict[str, Any]], recordings: list[dict[str, Any]]) -> Iterator[str]:
    """The decision in sentences."""
    yield from _rules_in_words(stream, rules)
    yield from map(_recording_in_words, recordings)
    number = sum(len(each["Files"]) for each in recordings if each["IsRecorded"])
    yield f"A publish now would be recorded in {number or 'no'} file{'' if number == 1 else 's'} at a time."


def _recording_in_words(recording: Mapping[str, Any]) -> str:
    of_task = recording["Source"] == "task"
    whose = f"Task {recording['TaskId']}" if of_task else f"Template {recording['TemplateId']}"
    if not recording["IsRecorded"]:
        return f"{whose} records nothing: {recording['Reason']}."
    formats = " and ".join(file["Format"].upper() for file in recording["Files"])
    window = f" from {iso_text(recording['StartTime'])} to {iso_text(recording['EndTime'])}" if of_task else ""
    return f"{whose} records {formats}{window}."


def _rules_in_words(stream: StreamRef, rules: list[dict[str, Any]]) -> Iterator[str]:
    winner = next((rule for rule in rules if rule["Outcome"] == "wins"), None)
    if winner is None:
        yield f"No rule applies to {stream}: there is none for {', '.join(map(rule_in_words, rules))}."
        return
    match = MATCHES[winner["Priority"] - 1]
    yield f"The rule {rule_in_words(winner)} wins, by {match}; its template is {winner['TemplateId']}."
    for rule in rules:
        if rule["Outcome"] == "loses":
            yield f"The rule {rule_in_words(rule)} with template {rule['TemplateId']} loses to it."
