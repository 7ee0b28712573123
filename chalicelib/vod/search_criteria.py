"""What a search compares: one predicate a field, on the facets that lie in every index. Pure.

Fields about what no media has yet (tags, descriptions, TRTC rooms, knowledge bases) match nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

Facets: TypeAlias = Mapping[str, Any]
Predicate: TypeAlias = Callable[[Facets], bool]

NOT_MODERATED, NORMAL, STANDARD, RECORD = "notModerated", "Normal", "STANDARD", "Record"


def one_of(facet: str) -> Callable[[Sequence[Any], Facets], bool]:
    """The facet is among the values."""
    return lambda values, facets: facets[facet] in values


def in_any_case(facet: str) -> Callable[[Sequence[str], Facets], bool]:
    """The facet is among the values, whatever their case."""
    return lambda values, facets: facets[facet].lower() in [value.lower() for value in values]


def always(value: str) -> Callable[[Sequence[Any], Facets], bool]:
    """Every media has this value."""
    return lambda values, facets: value in values


def never(values: Sequence[Any], facets: Facets) -> bool:
    """No media has any value."""
    return False


def holds_text(values: Sequence[str], facets: Facets) -> bool:
    """The name holds one of the texts, whatever their case."""
    name = facets["name"].casefold()
    return any(value.casefold() in name for value in values)


def has_prefix(values: Sequence[str], facets: Facets) -> bool:
    """The name begins with one of the texts."""
    return str(facets["name"]).startswith(tuple(values))


LISTS: Mapping[str, Callable[[Sequence[Any], Facets], bool]] = {
    "Names": holds_text,
    "NamePrefixes": has_prefix,
    "Descriptions": never,
    "ClassIds": one_of("class_id"),
    "Tags": never,
    "Categories": one_of("category"),
    "SourceTypes": always(RECORD),
    "StreamIds": one_of("stream"),
    "StreamDomains": in_any_case("domain"),
    "StreamPaths": one_of("app"),
    "StorageRegions": one_of("region"),
    "StorageClasses": always(STANDARD),
    "MediaTypes": in_any_case("type"),
    "Status": always(NORMAL),
    "ReviewResults": always(NOT_MODERATED),
    "TrtcSdkAppIds": never,
    "TrtcRoomIds": never,
    "KnowledgeBases": never,
}


def list_criterion(field: str, values: Sequence[Any]) -> Predicate:
    """One of `values` matches what `field` is about."""
    return lambda facets: LISTS[field](values, facets)


def sub_application(sub_app_id: int) -> Predicate:
    """The media lies in this sub-application."""
    return lambda facets: facets["sub_app_id"] == sub_app_id


def created_between(first: float, last: float) -> Predicate:
    """Created in this span (unix s), both ends included to the second."""
    return lambda facets: first <= facets["created_at"] < last + 1


def expires_between(first: float, last: float) -> Predicate:
    """Expires in this span (unix s), both ends included; what is kept for ever expires after every moment."""
    return lambda facets: first <= (facets["expires_at"] or float("inf")) <= last
