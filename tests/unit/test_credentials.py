"""API keys: read from SSM, remembered for a while, made and removed by a command."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import aws
from chalicelib.api.credentials import KeyRing
from chalicelib.errors import SecretIdNotFound
from infra import keys
from tests.fakes.ssm import FakeSsm


@pytest.fixture
def ssm() -> FakeSsm:
    return FakeSsm(**{"/tapedeck/keys/AKIDa": "secret-a"})


@pytest.fixture
def ring(ssm: FakeSsm) -> KeyRing:
    return KeyRing(lambda: ssm, remember_seconds=60)


def test_a_secret_is_remembered_for_a_while(ssm: FakeSsm, ring: KeyRing) -> None:
    assert [ring.secret_key("AKIDa", now) for now in (0.0, 59.9)] == ["secret-a", "secret-a"]
    assert ssm.reads == 1
    assert ring.secret_key("AKIDa", 60.0) == "secret-a"
    assert ssm.reads == 2


def test_a_key_that_was_removed_is_refused_when_it_is_read_again(ssm: FakeSsm, ring: KeyRing) -> None:
    ring.secret_key("AKIDa", 0.0)
    ssm.parameters.clear()
    assert ring.secret_key("AKIDa", 59.0) == "secret-a"
    with pytest.raises(SecretIdNotFound):
        ring.secret_key("AKIDa", 60.0)


def test_a_key_that_was_just_made_is_found_though_it_was_asked_for_before(ssm: FakeSsm, ring: KeyRing) -> None:
    with pytest.raises(SecretIdNotFound):
        ring.secret_key("AKIDb", 0.0)
    ssm.parameters["/tapedeck/keys/AKIDb"] = "secret-b"
    assert ring.secret_key("AKIDb", 0.1) == "secret-b"


@pytest.mark.parametrize("secret_id", ["", "../hook-secret", "a/b", "a b", "é", "x" * 65, "a\n"])
def test_what_is_no_secret_id_never_becomes_a_parameters_name(ssm: FakeSsm, ring: KeyRing, secret_id: str) -> None:
    with pytest.raises(SecretIdNotFound):
        ring.secret_key(secret_id, 0.0)
    assert ssm.reads == 0


@pytest.fixture
def real_ssm() -> Iterator[Any]:
    aws.client.cache_clear()
    with mock_aws():
        yield boto3.client("ssm", region_name="us-east-1")


def test_a_key_lives_from_create_to_disable(real_ssm: Any) -> None:
    pairs = [keys.create(real_ssm) for _ in range(2)]
    ring = KeyRing(lambda: real_ssm, remember_seconds=60)
    for secret_id, secret_key in pairs:
        assert secret_id.startswith("AKID")
        assert ring.secret_key(secret_id, 0.0) == secret_key
        assert real_ssm.get_parameter(Name=f"/tapedeck/keys/{secret_id}")["Parameter"]["Type"] == "SecureString"
    assert keys.existing(real_ssm) == sorted(secret_id for secret_id, _ in pairs)
    keys.disable(real_ssm, pairs[0][0])
    assert keys.existing(real_ssm) == [pairs[1][0]]


def test_the_command_prints_a_key_once_and_lists_ids_only(real_ssm: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert keys.main(["create"]) == 0
    printed = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert keys.main(["list"]) == 0
    assert capsys.readouterr().out == f"{printed['SecretId']}\n"
    assert keys.main(["disable", printed["SecretId"]]) == 0
    assert keys.main(["disable", printed["SecretId"]]) == 1
    assert capsys.readouterr().err == f"there is no key {printed['SecretId']}\n"
