"""SearchMedia: media by what is known of them.

One index narrows the search (ids, streams, name prefixes, else time), the facets in its entries decide the rest, and
only the items of the page are read. At most 5,000 media are looked at: where that is not enough to decide a field
that the index does not, the search is refused rather than answered in part. Media whose time is over are read past
until the table has removed them; where they use up the keys that may be read, the search is refused too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from chalicelib import keys
from chalicelib.api.action import Action, Actions, Answer, Call
from chalicelib.api.moments import iso_moment
from chalicelib.attribute_values import Item
from chalicelib.errors import InvalidParameterValue, LimitExceeded
from chalicelib.table import Table
from chalicelib.vod.media import facets_of, is_kept, name_in_key
from chalicelib.vod.media_parts import media_info
from chalicelib.vod.merged_streams import EnoughRead, MergedStreams
from chalicelib.vod.search_criteria import (
    LISTS,
    Facets,
    Predicate,
    created_between,
    expires_between,
    list_criterion,
    sub_application,
)
from chalicelib.vod.search_params import MOST_FOUND, SearchMedia

MOST_READ = 10_000
"""Keys that a search by one stream or by time reads at the most, past media whose time is over; any other 5,000."""
LATEST = 99_999_999_999.0  # eleven digits: what a sort key holds


@dataclass(frozen=True, kw_only=True)
class Search:
    """The fields of a request, older spellings brought to the newer ones."""

    file_ids: list[str]
    lists: Mapping[str, list[Any]]
    created: tuple[float, float]
    criteria: Mapping[str, Predicate]
    descending: bool
    is_sorted: bool
    """The client asked for an order by time."""

    @classmethod
    def of(cls, params: SearchMedia) -> "Search":
        """The search that the parameters mean."""
        lists = {field: getattr(params, field) for field in LISTS if getattr(params, field)}
        if params.StreamId:
            lists.setdefault("StreamIds", [params.StreamId])
        if params.SourceType:
            lists.setdefault("SourceTypes", [params.SourceType])
        created = _span(params.CreateTime.After or params.StartTime, params.CreateTime.Before or params.EndTime)
        expires = _span(params.ExpireTime.After, params.ExpireTime.Before)
        criteria = {field: list_criterion(field, values) for field, values in lists.items()}
        if params.Text:
            criteria["Text"] = list_criterion("Names", [params.Text])
        if params.SubAppId is not None:
            criteria["SubAppId"] = sub_application(params.SubAppId)
        if created:
            criteria["CreateTime"] = created_between(*created)
        if expires:
            criteria["ExpireTime"] = expires_between(*expires)
        return cls(
            file_ids=params.FileIds,
            lists=lists,
            created=created or (0.0, LATEST),
            criteria=criteria,
            descending=params.Sort.Order == "Desc",
            is_sorted="Sort" in params.model_fields_set,
        )


def search(params: SearchMedia, call: Call) -> Answer:
    """A page of the media that match, and how many do."""
    if params.Offset + params.Limit > MOST_FOUND:
        raise InvalidParameterValue(f"Limit: Offset + Limit must not exceed {MOST_FOUND}.", suffix="Offset")
    asked = Search.of(params)
    found = [
        key
        for key, facets in _candidates(call.table, asked, now=call.now)
        if all(fits(facets) for fits in asked.criteria.values())
    ]
    page = found[params.Offset : params.Offset + params.Limit]
    items = call.table.get_many(page)
    return {
        "TotalCount": len(found),
        "MediaInfoSet": [media_info(items[key], params.Filters) for key in page if key in items],
    }


class Candidate(NamedTuple):
    """A media that an index names."""

    key: keys.Key
    facets: Facets


def _candidates(table: Table, asked: Search, *, now: float) -> list[Candidate]:
    """The kept media of the narrowest index, in the order asked for, at most 5,000; raises LimitExceeded."""
    if asked.file_ids:
        items = table.get_many(map(keys.media, asked.file_ids)).values()
        return _by_time([each for each in map(_candidate, items) if is_kept(each.facets, now)], asked)
    if "StreamIds" in asked.lists:
        return _all_decided(_of_streams(table, asked), asked, {"StreamIds", "CreateTime"}, now=now)
    if "NamePrefixes" in asked.lists:
        entries = _of_prefixes(table, asked)
        if not asked.is_sorted:
            return _all_decided(entries, asked, {"NamePrefixes"}, now=now)
        return _by_time(_all_decided(entries, asked, {"NamePrefixes"}, now=now, also="Sort"), asked)
    entries = _of_partition(table, keys.ALL_MEDIA, keys.LISTING, asked)
    return _all_decided(entries, asked, {"CreateTime"}, now=now)


def _all_decided(
    entries: Iterator[Item], asked: Search, decided: set[str], *, now: float, also: str = ""
) -> list[Candidate]:
    """The first 5,000 that are kept; raises LimitExceeded where more must be compared, or expired ones hide some."""
    first: list[Candidate] = []
    is_cut = has_expired = False
    try:
        for entry in entries:
            candidate = _candidate(entry)
            if is_kept(candidate.facets, now):
                first.append(candidate)
            else:
                has_expired = True
            if len(first) == MOST_FOUND:
                break
    except EnoughRead:
        is_cut = True
    undecided = [field for field in (*asked.criteria, also) if field and field not in decided]
    is_full = is_cut or len(first) == MOST_FOUND
    if (is_full and undecided) or (is_cut and has_expired):
        raise LimitExceeded(
            f"{[*undecided, 'CreateTime'][0]}: more than {MOST_FOUND} media, expired ones among them, would have to be"
            " compared; narrow the search by StreamIds, a longer prefix in NamePrefixes, or CreateTime."
        )
    return first


def _of_streams(table: Table, asked: Search) -> Iterator[Item]:
    partitions = list(dict.fromkeys(map(keys.media_of_stream, asked.lists["StreamIds"])))
    if len(partitions) == 1:
        return _of_partition(table, partitions[0], keys.BY_STREAM, asked)
    first, last = _bounds(asked)
    read = partial(table.query, index=keys.BY_STREAM, descending=asked.descending)
    merged = MergedStreams(read=read, first=first, last=last, descending=asked.descending, left=MOST_FOUND)
    return merged.entries(partitions)


def _of_partition(table: Table, partition: str, index: str, asked: Search) -> Iterator[Item]:
    """Its entries, 5,000 at a time: who has found as many reads no further; raises EnoughRead."""
    (first, last), before = _bounds(asked), ""
    for _ in range(MOST_READ // MOST_FOUND):
        read, newest = 0, before
        for entry in table.query(
            partition, index=index, first=first, last=last, descending=asked.descending, limit=MOST_FOUND
        ):
            read, newest = read + 1, entry["LSK"]
            if newest != before:
                yield entry
        if read < MOST_FOUND:
            return
        before = newest  # bounds are included: the next piece begins with it
        first, last = (first, before) if asked.descending else (before, last)
    raise EnoughRead


def _bounds(asked: Search) -> tuple[str, str]:
    """First and last sort key of the time asked for; CreateTime is told in whole seconds."""
    first, last = asked.created
    return keys.by_time(min(max(first, 0.0), LATEST), ""), keys.by_time(min(max(last, 0.0), LATEST) + 0.999, "~")


def _of_prefixes(table: Table, asked: Search) -> Iterator[Item]:
    left = MOST_FOUND
    prefixes = sorted({name_in_key(prefix) for prefix in asked.lists["NamePrefixes"]}, key=str.encode)
    for prefix in prefixes:
        if not any(prefix != other and prefix.startswith(other) for other in prefixes):
            for entry in table.query(keys.ALL_MEDIA, index=keys.BY_NAME, prefix=prefix, limit=left):
                left -= 1
                yield entry
            if not left:
                raise EnoughRead


def _candidate(entry: Item) -> Candidate:
    return Candidate(keys.Key(entry["PK"], entry["SK"]), facets_of(entry))


def _by_time(candidates: list[Candidate], asked: Search) -> list[Candidate]:
    return sorted(candidates, key=lambda each: (each.facets["created_at"], each.key), reverse=asked.descending)


def _span(after: str | None, before: str | None) -> tuple[float, float] | None:
    if after is None and before is None:
        return None
    return (iso_moment(after) if after else 0.0, iso_moment(before) if before else LATEST)


ACTIONS: Actions = {"SearchMedia": Action(SearchMedia, search)}
