"""ExplainRecording, an action of our own: why a stream is recorded as it is, or not; what came of its publishes."""

import json
from typing import Any

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.params import Params
from chalicelib.attribute_values import Item
from chalicelib.ingest import admission
from chalicelib.keys import Key
from chalicelib.live.explained_decision import Names, by_rule, by_task, in_words, rules_met
from chalicelib.live.explained_publish import Publish, explained
from chalicelib.live.names import Domain, GivenPathName
from chalicelib.live.task_items import LONGEST_SECONDS
from chalicelib.live.tasks import HORIZON_SECONDS
from chalicelib.recording.selection import rule_keys
from chalicelib.recording.session import live_key
from chalicelib.recording.stream import StreamRef
from chalicelib.settings import settings
from chalicelib.table import Table

MOST_TASKS = 50
MOST_PUBLISHES = 10
MOST_FILES = 500


class ExplainRecording(Params):
    """Parameters of the action."""

    DomainName: Domain
    AppName: GivenPathName
    StreamName: GivenPathName


def explain(params: ExplainRecording, call: Call) -> Answer:
    """What a publish now would be recorded as, and what was decided for the last ones."""
    stream = StreamRef(domain=params.DomainName, app=params.AppName, stream=params.StreamName)
    found = call.table.get_many([live_key(stream), *admission.item_keys(stream), *rule_keys(stream)])
    refusal = _refusal(stream, found, now=call.now)
    rules = rules_met(stream, found)
    recordings = _recordings(stream, rules, call)
    publishes = [explained(each) for each in _publishes(call.table, stream, found.get(live_key(stream)))]
    sentences = list(in_words(stream, rules, recordings))
    if refusal:
        sentences.insert(0, f"A publish now would be refused: {refusal}. But for that:")
    return {
        "IsLive": int(live_key(stream) in found),
        "RefusedBecause": refusal,
        "IsPushSigned": int(_is_push_signed(stream, found)),
        "Rules": rules,
        "Recordings": recordings,
        "Explanation": sentences,
        "Publishes": publishes,
    }


def _recordings(stream: StreamRef, rules: list[dict[str, Any]], call: Call) -> list[dict[str, Any]]:
    names = Names(stream=stream, now=call.now, utc_offset_hours=settings().naming_utc_offset_hours)
    partition = keys.stream_partition(stream.domain, stream.app, stream.stream)
    last = keys.tasks_until(int(call.now) + HORIZON_SECONDS + LONGEST_SECONDS)
    tasks = list(call.table.query(partition, first=keys.tasks_from(int(call.now)), last=last, limit=MOST_TASKS))
    winners = [rule["TemplateId"] for rule in rules if rule["Outcome"] == "wins"]
    wanted = {*winners, *(task["TemplateId"] for task in tasks)} - {0}
    templates = call.table.get_many(map(keys.record_template, wanted))
    of_rule = [templates[key] for key in map(keys.record_template, winners) if key in templates]
    return [by_rule(template, names) for template in of_rule] + [
        by_task(
            task,
            templates.get(keys.record_template(task["TemplateId"])),
            names,
            lead_seconds=settings().launch_lead_seconds,
        )
        for task in tasks
    ]


def _refusal(stream: StreamRef, found: dict[Key, Item], *, now: float) -> str:
    try:
        admission.check_permitted(stream, found, accepts_unknown_domains=settings().accept_unknown_domains, now=now)
    except admission.NotAdmitted as refusal:
        return str(refusal)
    return ""


def _is_push_signed(stream: StreamRef, found: dict[Key, Item]) -> bool:
    domain = found.get(keys.domain(stream.domain), {})
    return bool(domain.get("Type") == admission.PUSH_DOMAIN and domain["Enable"])


def _publishes(table: Table, stream: StreamRef, live: Item | None) -> list[Publish]:
    """The live publish and the last ones that ended or were refused, the latest first."""
    partition = keys.history_of_stream(stream.domain, stream.app, stream.stream)
    ended = list(table.query(partition, index=keys.BY_STREAM, descending=True, limit=MOST_PUBLISHES))
    places = [Key(entry["PK"], entry["SK"]) for entry in ended]
    sessions = {place: keys.session(place.sk.partition("#")[2]) for place in places}
    live_session = [keys.session(live["session_id"])] if live else []
    found = table.get_many([*places, *sessions.values(), *live_session])
    known = [found[key] for key in (*live_session, *sessions.values()) if key in found]
    files = _files(table, stream, known)
    of_live = [
        Publish(session=found[key], files=files[found[key]["session_id"]]) for key in live_session if key in found
    ]
    return of_live + [
        Publish(
            session=found.get(sessions[place]),
            ending=found[place],
            files=files.get(sessions[place].pk.partition("#")[2], []),
        )
        for place in places
        if place in found
    ]


def _files(table: Table, stream: StreamRef, sessions: list[Item]) -> dict[str, list[Item]]:
    """The files in the index by the session that ended them."""
    files: dict[str, list[Item]] = {session["session_id"]: [] for session in sessions}
    if not sessions:
        return files
    since = keys.by_time(min(session["published_at"] for session in sessions), "")
    listed = table.query(
        keys.media_of_stream(stream.stream), index=keys.BY_STREAM, first=since, descending=True, limit=MOST_FILES
    )
    media = table.get_many([Key(each["PK"], each["SK"]) for each in listed if each["session_id"] in files])
    for item in sorted(media.values(), key=lambda each: str(each["LSK"])):
        facets = json.loads(item["facets"])
        files[item["session_id"]].append(
            {
                "FileId": item["FileId"],
                "Name": item["BasicInfo"]["Name"],
                "Format": facets["type"],
                "RecordingId": item["recording_id"],
            }
        )
    return files


ACTIONS: Actions = {"ExplainRecording": Action(ExplainRecording, explain)}
