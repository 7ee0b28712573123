"""The fields of a request: from a JSON body, flattened in a query or form, or from the parts of a multipart form. Pure.

`Mp4Param.Enable=1&FileIds.0=x` means {"Mp4Param": {"Enable": "1"}, "FileIds": ["x"]}. A null is a field left out.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Never
from urllib.parse import parse_qsl

from chalicelib.errors import InvalidParameter

DEEPEST_NAME = 10
MOST_FIELDS = 1000
COMMON = frozenset(
    {
        "Action",
        "Language",
        "Nonce",
        "Region",
        "RequestClient",
        "SecretId",
        "Signature",
        "SignatureMethod",
        "Timestamp",
        "Token",
        "Version",
    }
)
"""Parameters of the envelope, where a query carries them beside the action's own."""
_BOUNDARY = re.compile(r'boundary="?([\w\'()+,./:=?-]{1,70})"?', re.ASCII)
_PART_NAME = re.compile(rb'[; ]name="([^"\r\n]+)"')


def fields_of_json(body: bytes) -> dict[str, Any]:
    """The fields of a JSON object; raises InvalidParameter for what is not one."""
    try:
        fields = _without_nulls(json.loads(body.decode(), parse_constant=_refuse))
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, half a surrogate pair, or nested without end
        raise InvalidParameter(f"The body is not valid JSON in UTF-8: {_reason(error)}.") from None
    if not isinstance(fields, dict):
        raise InvalidParameter("The body must be a JSON object.")
    return fields


def fields_of_query(text: str) -> dict[str, Any]:
    """The fields of a query or form, nested; values stay text. Raises InvalidParameter."""
    tree: dict[str, Any] = {}
    for name, value in pairs(text):
        if name not in COMMON:
            _place(tree, name, value)
    return {name: _with_lists(value) for name, value in tree.items()}


def fields_of_multipart(body: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a multipart form as the SDK writes it: structures and lists as JSON, the rest text."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise InvalidParameter("Content-Type: a multipart form names its boundary.")
    *parts, end = (b"\r\n" + body).split(f"\r\n--{boundary[1]}".encode())
    if end not in (b"--\r\n", b"--", b"", b"\r\n"):  # the SDK sends nothing at all where there is no field
        raise InvalidParameter("The multipart form has no end.")
    fields: dict[str, Any] = {}
    for name, value in map(_part, parts[1:]):
        _place(fields, name, value)
    return fields


def pairs(text: str) -> list[tuple[str, str]]:
    """Names and values of a query or form, in its order; raises InvalidParameter."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InvalidParameter(f"The query cannot be read: {_reason(error)}.") from None


def _part(part: bytes) -> tuple[str, Any]:
    head, _, value = part.partition(b"\r\n\r\n")
    name = _PART_NAME.search(head)
    if name is None:
        raise InvalidParameter("A part of the multipart form has no name.")
    try:
        text = value.decode()
        is_json = b"content-type: application/json" in head.lower()
        return name[1].decode(), _without_nulls(json.loads(text, parse_constant=_refuse)) if is_json else text
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"The multipart form cannot be read: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON")


def _without_nulls(value: Any) -> Any:
    match value:
        case dict():
            for name in value:
                name.encode()
            return {name: _without_nulls(each) for name, each in value.items() if each is not None}
        case list():
            return [_without_nulls(each) for each in value]
        case str():
            value.encode()  # raises for half a surrogate pair, which nothing behind us could store
    return value


def _place(tree: dict[str, Any], name: str, value: Any) -> None:
    parts = name.split(".")
    if len(parts) > DEEPEST_NAME or "" in parts:
        raise InvalidParameter(f"{name[:100]}: not a parameter's name.")
    for part in parts[:-1]:
        tree = tree.setdefault(part, {})
        if not isinstance(tree, dict):
            raise InvalidParameter(f"{name}: given both as a value and as a structure.")
    if parts[-1] in tree:
        raise InvalidParameter(f"{name}: given twice.")
    tree[parts[-1]] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    nested = {name: _with_lists(each) for name, each in value.items()}
    if all(name.isascii() and name.isdigit() for name in nested):
        return [nested[name] for name in sorted(nested, key=lambda name: (len(name), name))]
    return nested
