"""Wrong inputs of every action, generated from the contracts, each with the code that the wire gives it.

What a contract cannot say stands in the tables: values that a field of this name does not take (`WRONG_VALUES`), faults
with a code of their own (`CODES`), and requests that conflict with themselves or with what there is (`conflicts.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tests.sdk import Field
from tests.sdk_values import REQUIRED, own_value, paths, request_fields, required_values


class Fault(StrEnum):
    """What is wrong with an input."""

    MISSING = "missing"
    WRONG_TYPE = "wrong type"
    NOT_TEXT = "not text"
    """In a query it is."""
    OUT_OF_RANGE = "out of range"
    TOO_LONG = "too long"
    TOO_MANY = "too many"
    WRONG_VALUE = "wrong value"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class BadInput:
    """A request that must be refused, and how."""

    fault: Fault
    path: str
    """The field that is wrong, and with which the message begins."""
    fields: Mapping[str, Any]
    code: str


DEFAULT_CODES: Mapping[Fault, str] = {
    Fault.MISSING: "MissingParameter",
    Fault.WRONG_TYPE: "InvalidParameterValue",
    Fault.NOT_TEXT: "InvalidParameterValue",
    Fault.OUT_OF_RANGE: "InvalidParameterValue",
    Fault.TOO_LONG: "InvalidParameterValue",
    Fault.TOO_MANY: "InvalidParameterValue",
    Fault.WRONG_VALUE: "InvalidParameterValue",
    Fault.UNKNOWN: "UnknownParameter",
}
CODES_OF_VALUES: Mapping[str, str] = {
    "DomainName": "InvalidParameter.DomainFormatError",
    "PushDomains": "InvalidParameter.DomainFormatError",
    "VodFileName": "InvalidParameter.InvalidVodFileName",
    "Url": "InvalidParameter.UrlNotSafe",
}
"""Codes of wrong values by the name of their field, or by its end."""
FREE_DOMAINS = frozenset(
    {"DescribeLiveStreamEventList", "DescribeLiveStreamOnlineList", "DescribeRecordTask", "RedriveCallbacks"}
)
"""Actions in which the domain is a filter, which may be anything."""
DOMAIN_MAY_BE_EMPTY = frozenset({"CreateLiveRecord"})
"""Actions in which no domain means the deployment's own."""
FIELDS_WITH_OWN_CODE: Mapping[str, frozenset[str]] = {
    "SearchMedia": frozenset(
        {
            "Categories",
            "ClassIds",
            "EndTime",
            "FileIds",
            "NamePrefixes",
            "Names",
            "Offset",
            "Sort",
            "SourceType",
            "SourceTypes",
            "StartTime",
            "StorageRegions",
            "StreamIds",
            "SubAppId",
            "Tags",
            "Text",
            "Vids",
        }
    ),
    "DescribeMediaInfos": frozenset({"FileIds"}),
}
"""Fields whose faults have the code `InvalidParameterValue.{field}` (wire.md, section 9)."""
CODES: Mapping[tuple[str, str, Fault], str] = {
    ("DescribeMediaInfos", "FileIds", Fault.TOO_MANY): "InvalidParameterValue.FileIdsOverLimit",
}
"""Codes that an action has for one fault of one field."""

WRONG_VALUES: Mapping[str, list[Any]] = {
    "AacParam.RecordInterval": [29, 7201],
    "AuthDelta": [10 * 366 * 86_400],
    "Categories": [["Films"]],
    "CosBucketPath": ["no/slash"],
    "CosStore": [2],
    "CreateTime.After": ["yesterday", "2026-11-20 10:00:00"],
    "DomainName": ["a b", "", "/"],
    "DomainStatus": [2],
    "DomainType": [2],
    "Enable": [2],
    "EndTime": ["tomorrow"],
    "FileFormat": ["avi"],
    "FlowContinueDuration": [1801],
    "FlvParam.RecordInterval": [29, 43_201],
    "Highlight": [2],
    "IsAsc": [2],
    "IsDelayLive": [2],
    "IsFilter": [2],
    "IsMiniProgramLive": [2],
    "IsStrict": [2],
    "Limit": [5001],
    "LiveType": ["Live", ""],
    "MainlandOrOversea": ["Moon"],
    "MixStream": [2],
    "Mp3Param.RecordInterval": [29, 7201],
    "Mp4Param.RecordInterval": [29, 43_201],
    "Offset": [5001],
    "PageNum": [0],
    "PageSize": [0, 1_000_000],
    "PlayType": [0, 4],
    "PushDomains": [["a b"]],
    "RecordType": ["picture"],
    "ResumeTime": ["tomorrow"],
    "ReviewResults": [["ok"]],
    "Sort.Field": ["Name"],
    "Sort.Order": ["asc"],
    "StartTime": ["yesterday"],
    "Status": [["normal"]],
    "StorageClasses": [["COLD"]],
    "StorageMode": ["warm"],
    "StorageTime": [129_600_001],
    "StreamType": [2],
    "TemplateName": ["a b", "a/b", ""],
    "Url": ["http://127.0.0.1/", "ftp://example.com/", "example.com", "http://169.254.169.254/", "http://[::1]/"],
    "VerifyOwnerType": ["byName"],
    "VodFileName": ["{Colour}"],
}
"""Values that a field of this path, of this name or with this end does not take."""


def bad_inputs(service: str, action: str) -> Iterator[BadInput]:
    """Every wrong input of an action, but for those that conflict with something."""
    fields = request_fields(service, action)
    right = required_values(service, action)
    unknown = BadInput(fault=Fault.UNKNOWN, path="Colour", fields=right | {"Colour": "red"}, code="UnknownParameter")
    yield unknown
    for name in REQUIRED.get(action, ()):
        without = {each: right[each] for each in right if each != name}
        yield replace(unknown, fault=Fault.MISSING, path=name, fields=without, code="MissingParameter")
    for path, field in paths(fields):
        if field.kind == "struct":
            yield replace(unknown, path=f"{path}.Colour", fields=_with(right, f"{path}.Colour", "red"))
        for fault, value in _wrong_values(action, path, field):
            yield BadInput(
                fault=fault, path=path, fields=_with(right, path, value), code=_code(action, path, field, fault)
            )


def _wrong_values(action: str, path: str, field: Field) -> Iterator[tuple[Fault, Any]]:
    kind = field.kind.removeprefix("list of ")
    is_list = field.kind.startswith("list of ")
    wrong = (Fault.NOT_TEXT, 7) if kind == "str" else (Fault.WRONG_TYPE, "seven")
    yield (wrong[0], [wrong[1]]) if is_list else wrong
    if is_list:
        yield Fault.WRONG_TYPE, "seven"
        yield Fault.TOO_MANY, [own_value(field._replace(kind=kind), 1)] * 300
    if kind in ("int", "float"):
        for value in (-1, 2**63):
            yield Fault.OUT_OF_RANGE, [value] if is_list else value
    if kind == "str":
        yield Fault.TOO_LONG, ["x" * 5000] if is_list else "x" * 5000
    if not (field.name == "DomainName" and action in FREE_DOMAINS):
        takes_nothing = field.name == "DomainName" and action in DOMAIN_MAY_BE_EMPTY
        values = _of_name(WRONG_VALUES, path) or ()
        yield from ((Fault.WRONG_VALUE, value) for value in values if not (takes_nothing and value == ""))


def _code(action: str, path: str, field: Field, fault: Fault) -> str:
    top = path.partition(".")[0]
    if (action, path, fault) in CODES:
        return CODES[action, path, fault]
    if top in FIELDS_WITH_OWN_CODE.get(action, ()):
        return f"InvalidParameterValue.{top}"
    is_domain = field.name in ("DomainName", "PushDomains") and action not in FREE_DOMAINS
    if fault is Fault.WRONG_VALUE or (is_domain and fault is Fault.TOO_LONG):
        return _of_name(CODES_OF_VALUES, path) or DEFAULT_CODES[fault]
    return DEFAULT_CODES[fault]


def _of_name(table: Mapping[str, Any], path: str) -> Any:
    """What a table holds for a path: under itself, under its last name, or under the end of that."""
    name = path.rpartition(".")[2]
    return table.get(path) or table.get(name) or (table.get("Url") if name.endswith("Url") else None)


def _with(right: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    top, _, inner = path.partition(".")
    return {**right, top: _with({}, inner, value) if inner else value}
