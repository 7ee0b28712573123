"""Different names never share a key, and times sort as text."""

from itertools import combinations

from chalicelib import keys

ODD = ["", "a", "a/b", "/", "a#b", "LIVE", "%2F", "中", "a b", "..", "A"]


def test_no_two_addresses_share_a_key() -> None:
    addresses = [(a, b, c) for a in ODD for b in ODD for c in ODD]
    assert len({keys.record_rule(*each) for each in addresses}) == len(addresses)
    assert len({keys.live(*each) for each in addresses}) == len(addresses)


def test_sort_keys_of_times_sort_as_the_times_do() -> None:
    moments = [0.0, 9.999, 10.0, 999_999_999.0, 1_795_163_844.0, 1_795_163_844.001, 9_999_999_999.0]
    for earlier, later in combinations(moments, 2):
        assert keys.by_time(earlier, "z") < keys.by_time(later, "a")


def test_tasks_that_end_later_lie_behind_the_bound_and_others_before_it() -> None:
    ends_at_100 = keys.task_of_stream("d", "a", "s", 100, "t").sk
    assert keys.open_tasks_after(100) <= ends_at_100 < keys.open_tasks_after(101)
