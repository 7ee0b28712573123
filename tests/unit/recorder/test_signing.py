"""Signatures against the examples AWS publishes.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
from datetime import UTC, datetime

from recorder_task.aws.credentials import Credentials
from recorder_task.aws.signing import encoded_query, signed_headers

EXAMPLE = Credentials(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
MAY_24 = datetime(2013, 5, 24, tzinfo=UTC).timestamp()
EMPTY = hashlib.sha256(b"").hexdigest()


def authorization(
    method: str, path: str, query: str, headers: dict[str, str], payload_hash: str, credentials: Credentials = EXAMPLE
) -> str:
    signed = signed_headers(
        method=method,
        host="examplebucket.s3.amazonaws.com",
        path=path,
        query=query,
        headers=headers,
        payload_hash=payload_hash,
        service="s3",
        region="us-east-1",
        credentials=credentials,
        now=MAY_24,
    )
    return signed["authorization"].rpartition("Signature=")[2]


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
