"""What holds of the table after every request, whatever it was: counts equal what is counted, pointers lead on."""

from collections import Counter
from collections.abc import Iterator, Mapping

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.keys import Key

COUNTED = (keys.RECORD_TEMPLATES, keys.RECORD_RULES, keys.CALLBACK_TEMPLATES, keys.CALLBACK_RULES, keys.DOMAINS)
TEMPLATES_OF_RULES = {keys.RECORD_RULES: keys.record_template, keys.CALLBACK_RULES: keys.callback_template}


def faults_of(items: Mapping[Key, Item]) -> list[str]:
    """Where the items contradict each other, in words."""
    return [*_miscounted(items), *_unbound(items), *_misplaced(items), *_tasks(items), *_sessions(items)]


def without_counts(items: Mapping[Key, Item]) -> dict[Key, str]:
    """What the items say, less counters: a number that was given and is not used harms nobody."""
    return {key: repr(item) for key, item in items.items() if key.pk != "COUNTER"}


def _miscounted(items: Mapping[Key, Item]) -> Iterator[str]:
    there = Counter(key.pk for key in items)
    for concept in COUNTED:
        counted = items.get(keys.counter(concept), {}).get("total", 0)
        if counted != there[concept]:
            yield f"{concept}: {counted} counted, {there[concept]} there"


def _unbound(items: Mapping[Key, Item]) -> Iterator[str]:
    bound = Counter(
        TEMPLATES_OF_RULES[key.pk](item["TemplateId"]) for key, item in items.items() if key.pk in TEMPLATES_OF_RULES
    )
    yield from (f"{key} has rules and is not there" for key in bound if key not in items)
    for key, item in items.items():
        if item.get("bound", 0) != bound[key]:
            yield f"{key}: bound to {item['bound']} rules, there are {bound[key]}"


def _misplaced(items: Mapping[Key, Item]) -> Iterator[str]:
    for key, item in items.items():
        if (item["PK"], item["SK"]) != key or ("LPK" in item) != ("LSK" in item):
            yield f"{key} does not lie where it says"


def _tasks(items: Mapping[Key, Item]) -> Iterator[str]:
    named = {Key(item["item_pk"], item["item_sk"]) for item in items.values() if "item_pk" in item}
    there = {key for key in items if key.pk.startswith("STREAM#") and key.sk.startswith(keys.TASK_PREFIX)}
    yield from (f"{key} is named and not there" for key in named - there)
    yield from (f"{key} is there and not named" for key in there - named)


def _sessions(items: Mapping[Key, Item]) -> Iterator[str]:
    for key, item in items.items():
        if key.sk != "LIVE":
            continue
        session = items.get(keys.session(item["session_id"]))
        if session is None or "unpublished_at" in session:
            yield f"{key} is live without a session"
            continue
        for order in session["orders"].values():
            if order["task_id"] and keys.task(order["task_id"]) not in items:
                yield f"{key} is recorded by the task {order['task_id']}, which is not there"
