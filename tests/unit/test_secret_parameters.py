"""The secrets of the local stack."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.keys import hook_secret
from infra.local.secret_parameters import local_key, origin_credentials
from tests.fakes.table import FakeTable

PREFIX = "/tapedeck/local"


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm", region_name="us-east-1")


def test_the_api_key_is_made_once_and_kept_as_a_secure_string(ssm: Any) -> None:
    table = FakeTable()
    secret_id, secret_key = local_key(table, ssm, PREFIX)
    assert local_key(table, ssm, PREFIX) == (secret_id, secret_key)
    stored = ssm.get_parameter(Name=f"{PREFIX}/keys/{secret_id}/1", WithDecryption=True)["Parameter"]
    assert (stored["Type"], stored["Value"]) == ("SecureString", secret_key)
    assert len(secret_key) == 32


def test_the_hook_secret_is_made_once_and_kept_as_a_secure_string(ssm: Any) -> None:
    secret = hook_secret(ssm, PREFIX)
    assert hook_secret(ssm, PREFIX) == secret
    stored = ssm.get_parameter(Name=f"{PREFIX}/hook-secret", WithDecryption=True)["Parameter"]
    assert (stored["Type"], stored["Value"], len(secret)) == ("SecureString", secret, 32)


def test_what_the_origin_asks_for_is_made_once(ssm: Any) -> None:
    made = origin_credentials(ssm, PREFIX)
    assert origin_credentials(ssm, PREFIX) == made
    user, _, password = made.partition(":")
    assert (user, len(password)) == ("tapedeck", 32)
