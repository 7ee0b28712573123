"""Attribute values: encode beside decode, one table for both."""

import pytest

from chalicelib.attribute_values import decode, encode

CASES = [
    (None, {"NULL": True}),
    (True, {"BOOL": True}),
    (0, {"N": "0"}),
    (1795163844.123, {"N": "1795163844.123"}),
    (10**20, {"N": "100000000000000000000"}),
    (-5, {"N": "-5"}),
    (-0.25, {"N": "-0.25"}),
    (1e-07, {"N": "1e-07"}),
    ("", {"S": ""}),
    ({"a": [1, "中"]}, {"M": {"a": {"L": [{"N": "1"}, {"S": "中"}]}}}),
]


@pytest.mark.parametrize(("value", "typed"), CASES, ids=str)
def test_a_value_and_its_typed_form_are_the_same_thing(value: object, typed: dict[str, object]) -> None:
    assert encode(value) == typed
    assert decode(typed) == value
    assert type(decode(typed)) is type(value)


@pytest.mark.parametrize("value", [b"x", {1, 2}, object()], ids=["bytes", "set", "object"])
def test_a_type_without_an_attribute_value_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_a_kind_that_is_not_written_here_is_refused() -> None:
    with pytest.raises(TypeError):
        decode({"SS": ["a"]})
