"""Keys of names of any spelling: distinct, and never longer than DynamoDB takes."""

from itertools import product

from chalicelib import keys

CHINESE = "直播间" * 80


def test_names_that_differ_give_keys_that_differ() -> None:
    names = ["", "a", "a/b", "../x", "a b", "a+b", "a%20b", "#", CHINESE, CHINESE + "1", "x" * 1000]
    addresses = [keys.address(*three) for three in product(names, repeat=3)]
    assert len(set(addresses)) == len(addresses)


def test_a_shortened_address_is_the_key_of_nothing_else() -> None:
    shortened = keys.address(CHINESE)
    assert keys.address(shortened) != shortened


def test_a_key_of_long_names_is_one_that_dynamodb_takes() -> None:
    rule = keys.record_rule("push.example.com", CHINESE, CHINESE)
    task = keys.task_of_stream("push.example.com", CHINESE, CHINESE, 1_800_000_000, "task")
    assert max(len(rule.sk), len(task.sk), len(keys.callback_rule("push.example.com", CHINESE).sk)) <= 1024
    assert max(len(task.pk), len(keys.live("push.example.com", CHINESE, CHINESE).pk)) <= 2048
    assert len(keys.media_of_stream("\U0001f600" * 255)) <= 2048


def test_domain_names_know_no_case_and_other_names_do() -> None:
    of_stream = (keys.record_rule, keys.live, keys.forbidden, keys.tasks_version, keys.waiting_partition)
    for key_of in of_stream:
        assert key_of("PUSH.example.com", "live", "room") == key_of("push.Example.com", "live", "room")
        assert key_of("push.example.com", "live", "room") != key_of("push.example.com", "live", "Room")


def test_ordinary_names_are_legible_in_a_key() -> None:
    assert keys.record_rule("push.example.com", "live", "room 7") == ("RECORD-RULE", "push.example.com/live/room%207")
