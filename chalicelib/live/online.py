"""The streams that are live now: of any domain, or of one by its own key, never more of them than the vendor knows."""

from collections.abc import Iterator

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.table import Table

MOST_ONLINE = 20_000
"""Live streams that one question looks at: those that were published first. The vendor's figure too."""


def online(table: Table, domain: str = "", *, last: str | None = None, limit: int | None = None) -> Iterator[Item]:
    """Index entries by the time of their publish, up to the sort key `last`; `domain` empty means any."""
    partition, index = (keys.online_in(domain), keys.BY_STREAM) if domain else (keys.ALL_ONLINE, keys.LISTING)
    return table.query(partition, index=index, last=last, limit=MOST_ONLINE if limit is None else limit)
