"""What was decided for a publish, and what came of it, in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.api.moments import iso_text
from chalicelib.attribute_values import Item
from chalicelib.live.explained_decision import rule_in_words
from chalicelib.live.stream_history import REFUSED
from chalicelib.live.task_items import recording_id
from chalicelib.recording.recorder_life import RETRY_SECONDS

MOST_TRIES = len(RETRY_SECONDS) + 1
PAUSED = "waits for its stream to return"
NO_FORMAT = "had no format on, which means: do not record"


@dataclass(frozen=True, kw_only=True)
class Publish:
    """A publish as it is found later: its session, its entry in the history, and the files in the index."""

    session: Item | None
    """None: it was refused, or is kept no longer."""
    ending: Item | None = None
    """None: it lives."""
    files: Sequence[Mapping[str, Any]] = ()
    """FileId, Name, Format and RecordingId of each."""


def explained(publish: Publish) -> dict[str, Any]:
    """The publish with its recordings, and sentences about them."""
    session, ending = publish.session, publish.ending
    return {
        "SessionId": session["session_id"] if session else "",
        "State": _state(publish),
        "StartTime": iso_text(session["published_at"] if session else ending["started_at"] if ending else 0),
        "EndTime": iso_text(ending["ended_at"]) if ending else "",
        "StopReason": ending["reason"] if ending else "",
        "Recordings": _recordings(publish),
        "Explanation": list(_in_words(publish)),
    }


def _state(publish: Publish) -> str:
    if publish.ending is None:
        return "live"
    return "refused" if publish.ending["facets"] == REFUSED else "ended"


def _recordings(publish: Publish) -> list[dict[str, Any]]:
    """What was ordered; behind it what is not among the orders any more and left files."""
    if publish.session is None:
        return []
    ordered = publish.session["orders"]
    others = dict.fromkeys(file["RecordingId"] for file in publish.files if file["RecordingId"] not in ordered)
    return [_recording(publish, name) for name in ordered] + [_let_go(publish, name) for name in others]


def _let_go(publish: Publish, name: str) -> dict[str, Any]:
    """A recording that has been over for so long that its order was taken out: its files are known."""
    kind, _, number = name.partition("-")
    formats = dict.fromkeys(file["Format"] for file in publish.files if file["RecordingId"] == name)
    return {
        "RecordingId": name,
        "TemplateId": int(number) if kind == "template" else 0,
        "TaskId": number if kind == "task" else "",
        "Formats": [
            {"Format": format_, "State": "ended", "Reason": "", "Files": _files(publish, name, format_)}
            for format_ in formats
        ],
    }


def _files(publish: Publish, name: str, format_: str) -> list[dict[str, Any]]:
    return [
        {"FileId": file["FileId"], "Name": file["Name"]}
        for file in publish.files
        if (file["RecordingId"], file["Format"]) == (name, format_)
    ]


def _recording(publish: Publish, name: str) -> dict[str, Any]:
    session = publish.session or {}
    order, outcomes = session["orders"][name], session["outcomes"].get(name, {})
    return {
        "RecordingId": name,
        "TemplateId": order["template_id"],
        "TaskId": order["task_id"],
        "Formats": [
            {
                "Format": format_,
                "State": outcomes.get(format_, {}).get("state", "not begun"),
                "Reason": outcomes.get(format_, {}).get("reason", ""),
                "Files": _files(publish, name, format_),
            }
            for format_ in order["formats"]
        ],
    }


def _in_words(publish: Publish) -> Iterator[str]:
    session = publish.session
    if session is None:
        was_refused = _state(publish) == "refused"
        yield f"It was refused: {(publish.ending or {})['reason']}." if was_refused else "It is kept no longer."
        return
    if "decision" in session:  # an earlier version kept none
        yield from _decided(session)
    for recording in _recordings(publish):
        yield from (_came_of(recording["RecordingId"], format_) for format_ in recording["Formats"])
    if session["failures"]:
        reason = session.get("end_reason", "without a reason")
        yield f"Its recorder failed ({session['failures']} of {MOST_TRIES} tries): {reason}."
    elif session["orders"] and "recorder_started_at" not in session and publish.ending:
        yield "Its recorder never started."
    number = len(publish.files)
    if number:
        yield f"{number} file{'' if number == 1 else 's'} came of it."
    elif publish.ending:
        yield f"No file came of it{' yet' if _is_paused(session) else ''}."


def _is_paused(session: Item) -> bool:
    return any(format_.get("state") == "paused" for each in session["outcomes"].values() for format_ in each.values())


def _decided(session: Item) -> Iterator[str]:
    decision, orders = session["decision"], session["orders"]
    winner, *lost = decision["rules"] or [None]
    if winner is None:
        yield "No rule applied."
    elif f"template-{winner['TemplateId']}" in orders:
        yield f"The rule {rule_in_words(winner)} won, with template {winner['TemplateId']}."
    else:
        yield f"The rule {rule_in_words(winner)} won; its template {winner['TemplateId']} {NO_FORMAT}."
    for rule in lost:
        yield f"The rule {rule_in_words(rule)} lost to it."
    if not decision["tasks"]:
        yield "No task was due when it began."
    for task_id in decision["tasks"]:
        if recording_id(task_id) in orders:
            yield f"The task {task_id} was due."
        elif task_id in session["let_go"].get("tasks", []):
            yield f"The task {task_id} was due; its recording is over."
        else:
            yield f"The task {task_id} was due; its template {NO_FORMAT}."


def _came_of(name: str, format_: Mapping[str, Any]) -> str:
    reason = f": {format_['Reason']}" if format_["Reason"] else ""
    number = len(format_["Files"])
    state = PAUSED if format_["State"] == "paused" else format_["State"]
    return f"{name}: {format_['Format'].upper()} {state}{reason}; {number} file{'' if number == 1 else 's'}."
