"""How many refused pushes are told: of a domain sixty a minute, so that who guesses names fills neither the table nor
a receiver. The rest is counted, and told with the next one.

Pushes to domains that nobody need have added are counted together: their names may be guessed too. Pure.
"""

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.ingest.admission import QUERY_TOO_LONG, UNKNOWN_DOMAIN, NotAdmitted
from chalicelib.ingest.hooks import PublishHook
from chalicelib.keys import Key
from chalicelib.table import Compare, Update, item_exists, no_such_item

MOST_A_MINUTE = 60
KEPT_SECONDS = 86_400
ANY_DOMAIN = ""


def count_key(hook: PublishHook, refusal: NotAdmitted) -> Key:
    """Where refusals like this one are counted."""
    may_be_guessed = refusal.code in (UNKNOWN_DOMAIN, QUERY_TOO_LONG)
    return keys.refusals(ANY_DOMAIN if may_be_guessed else hook.stream.domain)


def has_room(count: Item | None, minute: float) -> bool:
    """Whether one more is told in the minute that began at `minute` (unix s)."""
    return count is None or count["minute"] != minute or count["told"] < MOST_A_MINUTE


def told(key: Key, count: Item | None, minute: float) -> Update:
    """One more is told in this minute, and with it how many were not; raises ConditionFailed where `count` is old."""
    told_before = count["told"] if count and count["minute"] == minute else 0
    as_read = [Compare(name, "=", count[name]) for name in ("minute", "told", "untold")] if count else [no_such_item]
    return Update(
        key=key,
        set={
            "minute": minute,
            "told": told_before + 1,
            "untold": 0,
            "expires_at": int(minute) + KEPT_SECONDS,
        },
        when=as_read,
    )


def untold(key: Key) -> Update:
    """One more that is not told, where others are; raises ConditionFailed."""
    return Update(key=key, add={"untold": 1}, when=[item_exists])
