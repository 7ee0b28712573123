"""API keys: read from the table and SSM, remembered for a while, made, rotated and disabled by a command."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from chalicelib import aws
from chalicelib.api.api_key import ApiKey, NumberedSecret
from chalicelib.api.credentials import MOST_UNKNOWN, UNKNOWN_SECONDS, KeyRing
from chalicelib.errors import SecretIdNotFound
from chalicelib.settings import settings
from infra import keys
from infra.keys import KeyChanged, KeyStore, NoSuchKey
from tests.fakes.ssm import FakeSsm
from tests.fakes.table import FakeTable
from tests.known_key import PREFIX, put_key
from tests.moto_table import create_table

HOUR = 3600.0


@pytest.fixture
def ssm() -> FakeSsm:
    return FakeSsm()


@pytest.fixture
def table() -> FakeTable:
    return FakeTable()


@pytest.fixture
def ring(table: FakeTable, ssm: FakeSsm) -> KeyRing:
    return KeyRing(lambda: table, lambda: ssm, prefix=PREFIX, remember_seconds=60)


@pytest.fixture
def store(table: FakeTable, ssm: FakeSsm) -> KeyStore:
    return KeyStore(table, ssm, PREFIX)


def secrets_of(ring: KeyRing, secret_id: str, now: float) -> list[str]:
    return list(ring.held(secret_id, now).secrets_at(now))


def is_known(ring: KeyRing, secret_id: str, now: float) -> bool:
    try:
        return bool(secrets_of(ring, secret_id, now))
    except SecretIdNotFound:
        return False


def test_a_key_is_remembered_for_a_while(table: FakeTable, ssm: FakeSsm, ring: KeyRing) -> None:
    put_key(table, ssm, "AKIDa", secret_key="secret-a", is_read_only=True)
    assert [secrets_of(ring, "AKIDa", now) for now in (0.0, 59.9)] == [["secret-a"], ["secret-a"]]
    assert ring.held("AKIDa", 59.9).key.is_read_only
    assert (ssm.reads, table.calls.count("get")) == (1, 1)
    assert secrets_of(ring, "AKIDa", 60.0) == ["secret-a"]
    assert (ssm.reads, table.calls.count("get")) == (2, 2)


def test_a_key_that_was_disabled_is_refused_when_it_is_read_again(store: KeyStore, ring: KeyRing) -> None:
    secret_id, _ = store.create(now=0.0)
    assert is_known(ring, secret_id, 0.0)
    store.disable(secret_id, now=1.0)
    assert [is_known(ring, secret_id, now) for now in (59.0, 60.0)] == [True, False]


def test_an_unknown_key_costs_nothing_for_a_while_and_never_a_question_to_ssm(
    table: FakeTable, ssm: FakeSsm, ring: KeyRing
) -> None:
    moments = (0.0, 0.1, UNKNOWN_SECONDS - 0.1, UNKNOWN_SECONDS)
    assert [is_known(ring, "AKIDb", now) for now in moments] == [False] * 4
    assert (ssm.reads, table.calls.count("get")) == (0, 2)


def test_unknown_keys_never_fill_the_memory(table: FakeTable, ring: KeyRing) -> None:
    for number in range(MOST_UNKNOWN + 1):
        assert not is_known(ring, f"AKID{number}", 0.0)
    asked = table.calls.count("get")
    assert not is_known(ring, "AKID0", 0.0)
    assert table.calls.count("get") == asked + 1, "the first is forgotten"


@pytest.mark.parametrize("secret_id", ["", "../hook-secret", "a/b", "a b", "é", "x" * 65, "a\n"])
def test_what_is_no_secret_id_is_looked_for_nowhere(
    table: FakeTable, ssm: FakeSsm, ring: KeyRing, secret_id: str
) -> None:
    assert not is_known(ring, secret_id, 0.0)
    assert (ssm.reads, table.calls) == (0, [])


def test_a_key_whose_secret_is_gone_is_unknown(table: FakeTable, ssm: FakeSsm, ring: KeyRing) -> None:
    put_key(table, ssm, "AKIDa")
    ssm.parameters.clear()
    assert not is_known(ring, "AKIDa", 0.0)


def test_no_secret_is_shown_where_a_key_is(table: FakeTable, ssm: FakeSsm, ring: KeyRing) -> None:
    put_key(table, ssm, "AKIDa", secret_key="not-to-be-read")
    assert "not-to-be-read" not in repr(ring.held("AKIDa", 0.0))


def test_both_secrets_hold_while_a_key_is_rotated(store: KeyStore, ring: KeyRing) -> None:
    secret_id, first = store.create(now=0.0)
    second = store.rotate(secret_id, now=100.0, overlap_seconds=HOUR)
    assert secrets_of(ring, secret_id, 100.0) == [second, first]
    assert secrets_of(ring, secret_id, 100.0 + HOUR) == [second]


def test_the_older_secret_ends_in_time_though_the_key_is_remembered(store: KeyStore, ring: KeyRing) -> None:
    secret_id, first = store.create(now=0.0)
    second = store.rotate(secret_id, now=100.0, overlap_seconds=30)
    assert [secrets_of(ring, secret_id, now) for now in (129.0, 130.0)] == [[second, first], [second]]


def test_a_key_rotated_twice_keeps_two_secrets_and_forgets_the_first(
    store: KeyStore, ssm: FakeSsm, ring: KeyRing
) -> None:
    secret_id, _ = store.create(now=0.0)
    second = store.rotate(secret_id, now=1.0, overlap_seconds=HOUR)
    third = store.rotate(secret_id, now=2.0, overlap_seconds=HOUR)
    assert secrets_of(ring, secret_id, 3.0) == [third, second]
    assert sorted(ssm.parameters) == [f"/tapedeck/keys/{secret_id}/{number}" for number in (2, 3)]


def test_a_key_rotated_without_an_overlap_has_the_new_secret_only(store: KeyStore, ssm: FakeSsm, ring: KeyRing) -> None:
    secret_id, _ = store.create(now=0.0)
    second = store.rotate(secret_id, now=1.0, overlap_seconds=0)
    assert secrets_of(ring, secret_id, 1.0) == [second]
    assert list(ssm.parameters.values()) == [second]


def test_of_two_who_rotate_a_key_at_once_one_is_told_and_the_other_s_secret_holds(
    table: FakeTable, ssm: FakeSsm, ring: KeyRing
) -> None:
    class Slow(KeyStore):
        """Somebody else rotates the key while this one is about to."""

        def _enabled(self, secret_id: str) -> ApiKey:
            read = super()._enabled(secret_id)
            self.secret_of_the_other = KeyStore(table, ssm, PREFIX).rotate(secret_id, now=1.0, overlap_seconds=0)
            return read

    slow = Slow(table, ssm, PREFIX)
    secret_id, _ = slow.create(now=0.0)
    with pytest.raises(KeyChanged):
        slow.rotate(secret_id, now=1.0, overlap_seconds=0)
    assert secrets_of(ring, secret_id, 2.0) == [slow.secret_of_the_other]


def test_a_disabled_key_leaves_no_secret_and_is_neither_rotated_nor_disabled_again(
    store: KeyStore, ssm: FakeSsm
) -> None:
    secret_id, _ = store.create(now=0.0)
    store.disable(secret_id, now=1.0)
    assert ssm.parameters == {}
    with pytest.raises(NoSuchKey):
        store.rotate(secret_id, now=2.0, overlap_seconds=0)
    with pytest.raises(NoSuchKey):
        store.disable(secret_id, now=2.0)


def test_a_key_is_written_and_read_alike() -> None:
    key = ApiKey(
        secret_id="AKIDa",
        is_read_only=True,
        domains=frozenset({"b.example.com", "a.example.com"}),
        note="for the dashboard",
        created_at=1.5,
        secrets=(NumberedSecret(number=2), NumberedSecret(number=1, expires_at=9.5)),
    )
    assert ApiKey.from_item(key.as_item()) == key


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A table and Parameter Store as the command meets them; the client of SSM."""
    remembered = (settings, aws.client, aws.table)
    monkeypatch.setenv("TABLE_NAME", "of-the-test")
    for each in remembered:
        each.cache_clear()
    with mock_aws():
        create_table(aws.client("dynamodb"), "of-the-test")
        yield aws.client("ssm")
    for each in remembered:
        each.cache_clear()


def test_the_command_makes_lists_rotates_and_disables_a_key(
    deployment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys.main(["create", "--read-only", "--domain", "a.example.com", "--note", "dashboard"]) == 0
    printed = dict(line.split() for line in capsys.readouterr().out.splitlines())
    secret_id = printed["SecretId"]
    parameter = deployment.get_parameter(Name=f"/tapedeck/keys/{secret_id}/1", WithDecryption=True)["Parameter"]
    assert (parameter["Type"], parameter["Value"]) == ("SecureString", printed["SecretKey"])
    ring = KeyRing(aws.table, lambda: deployment, prefix=PREFIX, remember_seconds=0)
    now = ring.held(secret_id, 0.0).key.created_at

    assert keys.main(["list"]) == 0
    line = capsys.readouterr().out
    assert line.startswith(f"{secret_id}  made ")
    assert line.endswith("  read-only  only a.example.com  dashboard\n")
    assert printed["SecretKey"] not in line

    assert keys.main(["rotate", secret_id, "--overlap-hours", "2"]) == 0
    second = capsys.readouterr().out.split()[1]
    assert secrets_of(ring, secret_id, now) == [second, printed["SecretKey"]]
    assert keys.main(["list"]) == 0
    assert "older secret until " in capsys.readouterr().out

    assert keys.main(["disable", secret_id]) == 0
    assert not is_known(ring, secret_id, now)
    assert keys.main(["disable", secret_id]) == 1
    assert capsys.readouterr().err == f"there is no key {secret_id}, or it is disabled\n"
    assert keys.main(["list"]) == 0
    assert f"{secret_id}  disabled " in capsys.readouterr().out


@pytest.mark.parametrize("command", ["create", "rotate", "disable", "list", "hook-secret"])
def test_the_command_s_help_names_every_command(command: str) -> None:
    assert command in keys.parser().format_help()
