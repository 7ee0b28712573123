"""Signatures against the examples AWS publishes.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
from datetime import UTC, datetime

import pytest

from recorder_task.aws.credentials import Credentials
from recorder_task.aws.signing import Signer, encoded_query

EXAMPLE = Credentials(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
MAY_24 = datetime(2013, 5, 24, tzinfo=UTC).timestamp()
SIGNER = Signer(host="examplebucket.s3.amazonaws.com", service="s3", region="us-east-1")
EMPTY = hashlib.sha256(b"").hexdigest()


def authorization(
    method: str, path: str, query: str, headers: dict[str, str], payload_hash: str, credentials: Credentials = EXAMPLE
) -> str:
    head = SIGNER.head(
        method=method,
        path=path,
        query=query,
        headers=headers,
        payload_hash=payload_hash,
        credentials=credentials,
        now=MAY_24,
    )
    return head.rpartition("Signature=")[2].removesuffix("\r\n")


def test_getting_an_object() -> None:
    assert (
        authorization("GET", "/test.txt", "", {"range": "bytes=0-9"}, EMPTY)
        == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_putting_an_object() -> None:
    headers = {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
    payload_hash = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
    assert (
        authorization("PUT", "/test%24file.text", "", headers, payload_hash)
        == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    )


def test_a_query_with_an_empty_value() -> None:
    assert (
        authorization("GET", "/", "lifecycle=", {}, EMPTY)
        == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )


def test_a_query_is_sorted_and_escaped() -> None:
    assert encoded_query({"uploadId": "a/b+c d", "partNumber": "7"}) == "partNumber=7&uploadId=a%2Fb%2Bc%20d"


def test_a_session_token_is_sent_and_signed() -> None:
    with_token = Credentials(access_key=EXAMPLE.access_key, secret_key=EXAMPLE.secret_key, token="session")
    assert authorization("GET", "/", "", {}, EMPTY, with_token) != authorization("GET", "/", "", {}, EMPTY)


def test_the_head_of_a_request_is_what_is_signed() -> None:
    head = SIGNER.head(
        method="PUT",
        path="/key",
        query="partNumber=1",
        headers={"x-amz-checksum-crc32": " AAAAAA== "},
        payload_hash="UNSIGNED-PAYLOAD",
        credentials=EXAMPLE,
        now=MAY_24,
    )
    lines = head.split("\r\n")
    assert [*lines[:-2], *lines[-1:]] == [
        "PUT /key?partNumber=1 HTTP/1.1",
        "host:examplebucket.s3.amazonaws.com",
        "x-amz-checksum-crc32:AAAAAA==",
        "x-amz-content-sha256:UNSIGNED-PAYLOAD",
        "x-amz-date:20130524T000000Z",
        "",
    ]
    assert lines[-2].startswith(
        "authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-checksum-crc32;x-amz-content-sha256;x-amz-date, Signature="
    )


def test_a_key_is_derived_anew_for_another_day_and_another_secret() -> None:
    def signed(secret: str, now: float) -> str:
        credentials = Credentials(access_key="a", secret_key=secret)
        return signer.head(
            method="GET", path="/", query="", headers={}, payload_hash=EMPTY, credentials=credentials, now=now
        )

    signer = Signer(host="h", service="s3", region="r")
    first = signed("one", MAY_24)
    assert len({first, signed("two", MAY_24), signed("one", MAY_24 + 86_400)}) == 3
    assert signed("one", MAY_24) == first


@pytest.mark.parametrize("value", ["a\r\nx-other: b", "a\nb", "a\rb"])
def test_a_header_of_two_lines_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        authorization("GET", "/", "", {"x-amz-meta-facts": value}, EMPTY)
