"""How many requests a second a key may make of an action, over all instances of the function."""

import pytest

from chalicelib import keys
from chalicelib.api.rate_limits import KEPT_SECONDS, RateLimits
from chalicelib.errors import RequestLimitExceeded
from tests.fakes.table import FakeTable

NOW = 1_800_000_000.25
WRITES, READS, TASKS = "CreateLiveRecordRule", "DescribeLiveRecordRules", "CreateRecordTask"


@pytest.fixture
def table() -> FakeTable:
    return FakeTable()


def instance(table: FakeTable) -> RateLimits:
    return RateLimits(lambda: table, 200, few_per_second=20)


def accepted(limits: list[RateLimits], action: str, requests: int, *, key: str = "AKIDa", now: float = NOW) -> int:
    """How many of so many requests, handed to the instances in turn, are let through."""
    through = 0
    for number in range(requests):
        try:
            limits[number % len(limits)].count(key, action, now)
        except RequestLimitExceeded:
            continue
        through += 1
    return through


@pytest.mark.parametrize("instances", [1, 7, 60])
@pytest.mark.parametrize(("action", "limit"), [(WRITES, 200), (TASKS, 20), ("StopRecordTask", 20)])
def test_what_changes_something_is_held_to_the_limit_exactly(
    table: FakeTable, action: str, limit: int, instances: int
) -> None:
    assert accepted([instance(table) for _ in range(instances)], action, 400) == limit


@pytest.mark.parametrize("instances", [1, 4, 20])
def test_what_only_reads_is_held_to_the_limit_where_instances_are_busy(table: FakeTable, instances: int) -> None:
    through = accepted([instance(table) for _ in range(instances)], READS, 2000)
    assert 200 <= through <= 200 + instances, "to within one request an instance"


def test_what_only_reads_costs_no_write_while_an_instance_is_quiet(table: FakeTable) -> None:
    quiet = instance(table)
    assert accepted([quiet], READS, 10) == 10
    assert table.calls == []
    assert accepted([quiet], READS, 1) == 1
    assert table.calls == ["update"]


def test_many_quiet_instances_pass_a_twentieth_of_the_limit_each_at_the_most(table: FakeTable) -> None:
    assert accepted([instance(table) for _ in range(100)], READS, 5000) <= 100 * 10 + 200


def test_a_flood_costs_no_write_once_the_second_is_used_up(table: FakeTable) -> None:
    assert accepted([instance(table)], TASKS, 500) == 20
    assert table.calls == ["update"] * 21


def test_the_next_second_begins_anew_and_other_keys_and_actions_have_their_own(table: FakeTable) -> None:
    one = [instance(table)]
    assert accepted(one, TASKS, 30) == 20
    assert accepted(one, TASKS, 30, now=NOW + 0.74) == 0
    assert accepted(one, TASKS, 30, now=NOW + 0.75) == 20
    assert accepted(one, TASKS, 30, key="AKIDb") == 20
    assert accepted(one, "StopRecordTask", 30) == 20


def test_a_count_is_removed_by_the_table_itself(table: FakeTable) -> None:
    accepted([instance(table)], TASKS, 3)
    key = keys.request_count("AKIDa", TASKS, int(NOW))
    assert table.items == {key: {"PK": key.pk, "SK": key.sk, "requests": 3, "expires_at": int(NOW) + KEPT_SECONDS}}
