"""Keys made by the command for a stack that runs: limited, rotated, disabled."""

import os
import subprocess
import sys

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from infra.local.deployment import STACK
from infra.local.running import StackFacts
from infra.local.settings import ROOT
from tests.sdk import Sdk

pytestmark = pytest.mark.e2e


def command(stack: StackFacts, *arguments: str) -> str:
    """What `python -m infra.keys` prints, with the environment that docs/11-keys-and-limits.md gives it."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": stack.region,
        "TABLE_NAME": stack.table,
        "PARAMETER_PREFIX": f"/tapedeck/{STACK}",
    }
    program = [sys.executable, "-m", "infra.keys", *arguments]
    done = subprocess.run(program, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def outcome(stack: StackFacts, secret_id: str, secret_key: str, action: str = "DescribeLiveRecordRules") -> str:
    """The code of the answer to a key, or `ok`."""
    sdk = Sdk(stack.api.removeprefix("http://"), secret_id=secret_id, secret_key=secret_key)
    try:
        sdk(action, **({"TemplateName": "t"} if action.startswith("Create") else {}))
    except TencentCloudSDKException as refused:
        return str(refused.code)
    return "ok"


def test_a_key_lives_from_create_to_disable(stack: StackFacts) -> None:
    made = dict(line.split() for line in command(stack, "create", "--read-only", "--note", "e2e").splitlines())
    secret_id, first = made["SecretId"], made["SecretKey"]
    second = command(stack, "rotate", secret_id).split()[
        1
    ]  # before its first request: functions remember what they read
    assert [outcome(stack, secret_id, secret) for secret in (first, second, "guessed")] == [
        "ok",
        "ok",
        "AuthFailure.SignatureFailure",
    ]
    assert outcome(stack, secret_id, second, "CreateLiveRecordTemplate") == "UnauthorizedOperation"

    other = dict(line.split() for line in command(stack, "create").splitlines())
    command(stack, "disable", other["SecretId"])
    assert outcome(stack, other["SecretId"], other["SecretKey"]) == "AuthFailure.SecretIdNotFound"
    lines = {line.split()[0]: line for line in command(stack, "list").splitlines()}
    assert "read-only" in lines[secret_id]
    assert "older secret until" in lines[secret_id]
    assert "disabled" in lines[other["SecretId"]]
    assert stack.secret_id in lines
