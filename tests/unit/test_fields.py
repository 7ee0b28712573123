"""The fields of a request, from JSON and from a flattened query."""

import json

import pytest

from chalicelib.api.fields import fields_of_json, fields_of_query
from chalicelib.errors import InvalidParameter


def test_a_query_is_nested_by_its_dots() -> None:
    query = "Mp4Param.Enable=1&FileIds.0=a&FileIds.1=b+c&Name=%E6%B5%81&Empty=&Action=X&Sort.0.Field=x"
    assert fields_of_query(query) == {
        "Mp4Param": {"Enable": "1"},
        "FileIds": ["a", "b c"],
        "Name": "流",
        "Empty": "",
        "Sort": [{"Field": "x"}],
    }


def test_a_list_keeps_the_order_of_its_numbers() -> None:
    query = "&".join(f"L.{n}={n}" for n in reversed(range(12)))
    assert fields_of_query(query) == {"L": [str(n) for n in range(12)]}


@pytest.mark.parametrize(
    "query",
    [
        "A=1&A=2",
        "A=1&A.B=2",
        "A.B=2&A=1",
        "A..B=1",
        ".=1",
        ".".join("A" * 20) + "=1",
        "A=%ff",
        "&".join(f"A{n}=1" for n in range(1001)),
    ],
    ids=["twice", "value-then-structure", "structure-then-value", "empty-part", "dot", "deep", "not-utf8", "many"],
)
def test_a_query_that_means_nothing_is_refused(query: str) -> None:
    with pytest.raises(InvalidParameter):
        fields_of_query(query)


def test_a_null_is_a_field_left_out() -> None:
    assert fields_of_json(b'{"A": null, "B": {"C": null, "D": 0}, "E": [1, null]}') == {"B": {"D": 0}, "E": [1, None]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"A": NaN}',
        b'{"A": 1}}',
        b"{'A': 1}",
        b'{"A": "\xff"}',
        b'{"A": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"A": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"A":' * 400 + b"1" + b"}" * 400 + b" x",
        json.dumps({"A": 1}).encode("utf-16"),
    ],
    ids=[
        "empty",
        "cut-off",
        "list",
        "text",
        "nan",
        "too-much",
        "single-quotes",
        "not-utf8",
        "half-a-pair",
        "half-a-pair-as-name",
        "huge-number",
        "deep",
        "deep-and-wrong",
        "utf16",
    ],
)
def test_json_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidParameter):
        fields_of_json(body)
