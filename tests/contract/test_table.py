"""One suite for the table and its double: conditions, transactions, order and pages."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.keys import BY_NAME, LISTING, PROJECTED, Key
from chalicelib.table import (
    Absent,
    Check,
    Compare,
    ConditionFailed,
    Delete,
    DynamoTable,
    Path,
    Put,
    Table,
    Update,
    item_exists,
    no_such_item,
)
from tests.fakes.table import FakeTable
from tests.moto_table import create_table

A, B = Key("P", "a"), Key("P", "b")


@pytest.fixture(params=["moto", "fake"])
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    if request.param == "fake":
        yield FakeTable()
        return
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_table(client, "t")
        yield DynamoTable("t", lambda: client)


def test_an_item_comes_back_as_it_was_put(table: Table) -> None:
    item = {"text": "中文", "n": 3, "f": 1.5, "b": True, "none": None, "map": {"list": [1, "x"]}}
    table.put(Put(key=A, item=item))
    assert table.get(A) == {**item, "PK": "P", "SK": "a"}
    assert table.get(B) is None


def test_an_item_may_be_asked_for_some_of_its_attributes(table: Table) -> None:
    table.put(Put(key=A, item={"name": "reserved", "n": 3, "other": 1}))
    assert table.get(A, only=("name", "n", "not there")) == {"name": "reserved", "n": 3}
    assert table.get(A, only=("not there",)) == {}
    assert table.get(B, only=("n",)) is None


def test_a_put_with_a_condition_happens_once(table: Table) -> None:
    table.put(Put(key=A, item={"n": 1}, when=[no_such_item]))
    with pytest.raises(ConditionFailed):
        table.put(Put(key=A, item={"n": 2}, when=[no_such_item]))
    assert (table.get(A) or {})["n"] == 1


def test_an_update_sets_adds_removes_and_returns_the_whole_item(table: Table) -> None:
    table.put(Put(key=A, item={"n": 1, "gone": 1, "orders": {"x": {"ends_at": 1}}}))
    after = table.update(
        Update(
            key=A,
            set={("orders", "x", "ends_at"): 5, ("orders", "y"): {"ends_at": 6}},
            add={"n": 2, "new": 1},
            remove=["gone"],
            when=[Compare("n", "=", 1), Absent("new")],
        )
    )
    assert after == {"PK": "P", "SK": "a", "n": 3, "new": 1, "orders": {"x": {"ends_at": 5}, "y": {"ends_at": 6}}}


def test_an_update_takes_from_a_map_what_it_puts_into_another(table: Table) -> None:
    table.put(Put(key=A, item={"orders": {"a": {"ends_at": 5}, "b": {"ends_at": 9}}, "let_go": {}}))
    moved: dict[Path, Any] = {("orders", "c"): {"ends_at": 11}, ("let_go", "a"): [1, 5]}
    after = table.update(Update(key=A, set=moved, remove=[("orders", "a")]))
    assert after["orders"] == {"b": {"ends_at": 9}, "c": {"ends_at": 11}}
    assert after["let_go"] == {"a": [1, 5]}


@pytest.mark.parametrize("relation", ["=", "<", ">="])
def test_a_comparison_with_an_absent_attribute_does_not_hold(table: Table, relation: str) -> None:
    table.put(Put(key=A, item={}))
    with pytest.raises(ConditionFailed):
        table.update(Update(key=A, set={"x": 1}, when=[Compare("n", relation, 1)]))


def test_a_map_is_compared_whole(table: Table) -> None:
    left = {"reports": [{"key": "a", "content": "{}"}], "beyond": 0}
    table.put(Put(key=A, item={"untold": left}))
    with pytest.raises(ConditionFailed):
        table.update(Update(key=A, remove=["untold"], when=[Compare("untold", "=", {**left, "beyond": 1})]))
    table.update(Update(key=A, remove=["untold"], when=[Compare("untold", "=", left)]))
    assert table.get(A) == {"PK": "P", "SK": "a"}


def test_a_transaction_writes_all_or_nothing_and_names_what_refused(table: Table) -> None:
    table.put(Put(key=A, item={"n": 1}))
    with pytest.raises(ConditionFailed) as failure:
        table.transact(
            Put(key=B, item={}, when=[no_such_item]), Update(key=A, add={"n": 1}, when=[Compare("n", ">", 1)])
        )
    assert failure.value.failed == (1,)
    assert table.get(B) is None
    table.transact(Put(key=B, item={}, when=[no_such_item]), Check(key=A, when=[item_exists]))
    table.transact(Delete(key=A, when=[item_exists]))
    assert table.get(A) is None
    assert table.get(B) is not None


def test_many_items_are_read_at_once_and_missing_ones_are_left_out(table: Table) -> None:
    keys = [Key("P", f"{n:03d}") for n in range(130)]
    for key in keys[:120]:
        table.put(Put(key=key, item={}))
    assert set(table.get_many([*keys, keys[0]])) == set(keys[:120])


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, ["1", "2", "21", "3"]),
        ({"first": "2"}, ["2", "21", "3"]),
        ({"last": "2"}, ["1", "2"]),
        ({"first": "2", "last": "21"}, ["2", "21"]),
        ({"prefix": "2"}, ["2", "21"]),
        ({"first": "21", "last": "2"}, []),
        ({"descending": True, "limit": 2}, ["3", "21"]),
    ],
    ids=str,
)
def test_a_query_reads_in_order_within_bounds(table: Table, bounds: dict[str, Any], expected: list[str]) -> None:
    for sk in ("3", "1", "21", "2"):
        table.put(Put(key=Key("Q", sk), item={"LPK": "L", "LSK": sk, "NPK": "N", "NSK": sk}))
    table.put(Put(key=Key("Q2", "9"), item={}))
    for partition, index in (("Q", None), ("L", LISTING), ("N", BY_NAME)):
        assert [item["SK"] for item in table.query(partition, index=index, **bounds)] == expected


def test_dynamodb_is_not_asked_for_bounds_in_the_wrong_order_which_it_refuses() -> None:
    assert list(DynamoTable("t", lambda: pytest.fail("asked")).query("Q", first="b", last="a")) == []


def test_an_index_holds_its_keys_and_what_is_projected(table: Table) -> None:
    projected = dict.fromkeys(PROJECTED, "x")
    table.put(Put(key=A, item={"LPK": "L", "LSK": "1", "NPK": "N", "NSK": "1", "other": 1, **projected}))
    assert list(table.query("L", index=LISTING)) == [{"PK": "P", "SK": "a", "LPK": "L", "LSK": "1", **projected}]
    assert list(table.query("N", index=BY_NAME)) == [{"PK": "P", "SK": "a", "NPK": "N", "NSK": "1", **projected}]
