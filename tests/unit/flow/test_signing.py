"""`sign` and `t`, the header beside them, and what a log may show."""

import hashlib
import hmac
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from chalicelib.notify.signing import header, signature, signed, without_secrets


def test_the_vector_of_the_wire() -> None:
    assert signature("abcd1234", 1473126233) == "1e0b8cbd2524445c8376c4ce7697dfd3"


def test_a_payload_is_signed_beside_its_fields() -> None:
    assert signed({"a": 1}, "abcd1234", expires_at=1473126233) == {
        "a": 1,
        "t": 1473126233,
        "sign": "1e0b8cbd2524445c8376c4ce7697dfd3",
    }


def test_without_a_key_there_is_neither_t_nor_sign() -> None:
    assert signed({"a": 1}, "", expires_at=1473126233) == {"a": 1}


def test_the_header_says_when_and_signs_that_with_every_byte_of_the_body() -> None:
    body = '{"stream_id": "直播"}'.encode()
    digest = hmac.new(b"abcd1234", b"1795163844." + body, hashlib.sha256).hexdigest()
    assert digest == "d0ee80c6fbfba29714e177111e82e815dd5eae9d278328830f5aa988b1648a91"
    assert header(body, "abcd1234", at=1795163844) == f"t=1795163844,v1={digest}"


@pytest.mark.parametrize(
    ("body", "key", "at"), [(b"{} ", "k", 1), (b"{}", "K", 1), (b"{}", "k", 2)], ids=["body", "key", "time"]
)
def test_another_body_key_or_time_is_another_header(body: bytes, key: str, at: int) -> None:
    assert header(body, key, at=at)[-64:] != header(b"{}", "k", at=1)[-64:]


@pytest.mark.parametrize(
    ("param", "shown"),
    [
        ("txSecret=abc&txTime=5F30AA20", "txSecret=***&txTime=5F30AA20"),
        ("a=b&TXSECRET=abc", "a=b&TXSECRET=***"),
        ("?txSecret=abc", "?txSecret=***"),
        ("mytxSecret=abc&b=txSecret=x", "mytxSecret=abc&b=txSecret=x"),
        ("", ""),
    ],
)
def test_what_would_let_somebody_push_is_not_shown(param: str, shown: str) -> None:
    payload = {"stream_param": param, "t": 1, "sign": "s", "file_id": "5"}
    assert without_secrets(payload) == {"stream_param": shown, "file_id": "5"}


def test_the_documents_own_example_tells_what_is_ours() -> None:
    text = (Path(__file__).parents[3] / "docs/04-callbacks.md").read_text()
    (example,) = [each for each in re.findall(r"```python\n(.*?)```", text, re.S) if "def is_ours" in each]
    told: dict[str, Any] = {}
    exec(example, told)
    now = int(time.time())
    body = json.dumps(signed({"file_id": "5"}, "abcd1234", expires_at=now + 600)).encode()
    ours = header(body, "abcd1234", at=now)
    assert told["is_ours"](body, ours, "abcd1234")
    assert told["is_ours_by_sign"](json.loads(body), "abcd1234")
    assert not told["is_ours"](body + b" ", ours, "abcd1234")
    assert not told["is_ours"](body, header(body, "abcd1234", at=now - 301), "abcd1234")
    assert not told["is_ours"](body, ours, "another")
