"""One suite for the bucket's double and moto: what the recorder's own client relies on.

moto verifies no checksum and falls over an upload it does not know; there S3's own documents alone hold the double.
"""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from recorder_task.aws.credentials import CredentialSource
from recorder_task.aws.errors import AwsError, Overtaken
from recorder_task.aws.s3 import S3Bucket, UploadedPart, read_error
from recorder_task.aws.transport import Transport
from tests.fakes.s3 import FakeS3

PART = b"p" * (5 * 1024 * 1024)
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


def bucket_at(endpoint: str) -> tuple[S3Bucket, Transport]:
    """The recorder's client of a bucket."""
    transport = Transport(
        service="s3",
        endpoint=endpoint,
        region="us-east-1",
        credentials=CredentialSource(ENVIRONMENT),
        read_error=read_error,
        retry_seconds=0.5,
        timeout_seconds=15.0,
    )
    return S3Bucket("bucket", transport), transport


@pytest.fixture(scope="module")
def moto_endpoint() -> Iterator[str]:
    """moto's server with a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["fake", "moto"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each of the two, empty."""
    if request.param == "fake":
        with FakeS3() as s3:
            yield s3.url
        return
    url: str = request.getfixturevalue("moto_endpoint")
    resource = boto3.resource("s3", endpoint_url=url, region_name="us-east-1").Bucket("bucket")
    resource.create()
    yield url
    resource.objects.all().delete()
    resource.delete()


@pytest.fixture
def bucket(endpoint: str) -> Iterator[S3Bucket]:
    """The recorder's client."""
    client, transport = bucket_at(endpoint)
    yield client
    transport.close()


@pytest.fixture
def strict_bucket() -> Iterator[S3Bucket]:
    """The recorder's client on the double."""
    with FakeS3() as s3:
        client, transport = bucket_at(s3.url)
        yield client
        transport.close()


def stored(endpoint: str, key: str) -> bytes:
    """An object as another client reads it."""
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    content: bytes = client.get_object(Bucket="bucket", Key=key)["Body"].read()
    client.close()
    return content


def test_an_object_comes_back_as_it_was_put(bucket: S3Bucket, endpoint: str) -> None:
    assert bucket.put("media/1/f0.flv", b"content", content_type="video/x-flv")
    assert stored(endpoint, "media/1/f0.flv") == b"content"


def test_an_object_is_put_once_where_only_the_first_shall_count(bucket: S3Bucket, endpoint: str) -> None:
    assert bucket.put("ready/1.json", b"first", content_type="application/json", only_if_absent=True)
    assert not bucket.put("ready/1.json", b"second", content_type="application/json", only_if_absent=True)
    assert stored(endpoint, "ready/1.json") == b"first"


def test_parts_may_come_in_any_order_and_again(bucket: S3Bucket, endpoint: str) -> None:
    upload_id = bucket.begin_upload("key", content_type="video/mp4")
    last = bucket.put_part("key", upload_id, 2, b"the end")
    bucket.put_part("key", upload_id, 1, PART)
    first = bucket.put_part("key", upload_id, 1, PART + b"changed")
    bucket.complete_upload("key", upload_id, [first, last], len(PART) + 14)
    assert stored(endpoint, "key") == PART + b"changed" + b"the end"


def test_only_the_last_part_may_be_small(bucket: S3Bucket) -> None:
    upload_id = bucket.begin_upload("key", content_type="video/mp4")
    parts = [bucket.put_part("key", upload_id, number, b"small") for number in (1, 2)]
    with pytest.raises(AwsError) as refusal:
        bucket.complete_upload("key", upload_id, parts, 10)
    assert refusal.value.code == "EntityTooSmall"


def test_a_part_that_was_replaced_meanwhile_is_noticed(bucket: S3Bucket) -> None:
    upload_id = bucket.begin_upload("key", content_type="video/mp4")
    part = bucket.put_part("key", upload_id, 1, b"first")
    bucket.put_part("key", upload_id, 1, b"second")
    with pytest.raises(AwsError) as refusal:
        bucket.complete_upload("key", upload_id, [part], 5)
    assert refusal.value.code == "InvalidPart"


def test_an_upload_that_was_completed_takes_nothing_more(strict_bucket: S3Bucket) -> None:
    upload_id = strict_bucket.begin_upload("key", content_type="video/mp4")
    part = strict_bucket.put_part("key", upload_id, 1, b"all")
    strict_bucket.complete_upload("key", upload_id, [part], 3)
    with pytest.raises(AwsError) as refusal:
        strict_bucket.put_part("key", upload_id, 2, b"late")
    assert refusal.value.code == "NoSuchUpload"


def test_an_upload_that_is_gone_is_not_taken_for_completed(strict_bucket: S3Bucket) -> None:
    upload_id = strict_bucket.begin_upload("key", content_type="video/mp4")
    part = strict_bucket.put_part("key", upload_id, 1, b"all")
    strict_bucket.abort_upload("key", upload_id)
    with pytest.raises(AwsError) as refusal:
        strict_bucket.complete_upload("key", upload_id, [part], 3)
    assert refusal.value.code == "NoSuchUpload"


def test_an_object_that_must_be_new_takes_no_other_s_place(bucket: S3Bucket, endpoint: str) -> None:
    bucket.put("key", b"", content_type="video/mp4")
    upload_id = bucket.begin_upload("key", content_type="video/mp4")
    part = bucket.put_part("key", upload_id, 1, b"late")
    with pytest.raises(Overtaken):
        bucket.complete_upload("key", upload_id, [part], 4, only_if_absent=True)
    assert not bucket.put("key", b"late", content_type="video/mp4", only_if_absent=True)
    assert stored(endpoint, "key") == b""
    bucket.complete_upload("key", upload_id, [part], 4)
    bucket.complete_upload("key", upload_id, [part], 4, only_if_absent=True)
    assert bucket.put("key", b"late", content_type="video/mp4", only_if_absent=True)
    assert stored(endpoint, "key") == b"late"


def test_a_completion_whose_answer_was_lost_counts_as_done(bucket: S3Bucket) -> None:
    upload_id = bucket.begin_upload("key", content_type="video/mp4")
    part = bucket.put_part("key", upload_id, 1, b"all")
    bucket.complete_upload("key", upload_id, [part], 3)
    bucket.complete_upload("key", upload_id, [part], 3)


def test_a_bucket_that_does_not_exist(endpoint: str) -> None:
    bucket, transport = bucket_at(endpoint)
    bucket.name = "another"
    with pytest.raises(AwsError) as refusal:
        bucket.put("key", b"content", content_type="text/plain")
    transport.close()
    assert refusal.value.code == "NoSuchBucket"


def test_a_body_that_does_not_fit_its_checksum_is_refused(
    strict_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recorder_task.aws.s3.checksum", lambda body: "AAAAAA==")
    with pytest.raises(AwsError) as refusal:
        strict_bucket.put("key", b"content", content_type="text/plain")
    assert refusal.value.code == "BadDigest"


def test_a_part_names_its_number_etag_and_checksum(bucket: S3Bucket) -> None:
    upload_id = bucket.begin_upload("key", content_type="video/mp4")
    part = bucket.put_part("key", upload_id, 1, b"123456789")
    assert part == UploadedPart(1, '"25f9e794323b453885f5181f1b624d0b"', "y/Q5Jg==")


def replace(bucket: S3Bucket, body: bytes, after: str, facts: str = "{}") -> str:
    """Write the one object of these tests, fenced."""
    return bucket.replace(
        "media/1/playlist.m3u8", body, content_type="text/plain", cache_control="max-age=1", facts=facts, after=after
    )


def test_an_object_is_replaced_by_whoever_wrote_it_last_and_nobody_else(bucket: S3Bucket) -> None:
    first = replace(bucket, b"one", "")
    second = replace(bucket, b"two", first, facts='{"a":1}')
    with pytest.raises(Overtaken):
        replace(bucket, b"three", first)
    with pytest.raises(Overtaken):
        replace(bucket, b"three", "")
    assert bucket.get("media/1/playlist.m3u8") == (b"two", second, '{"a":1}')


def test_a_replacement_whose_answer_was_lost_counts_when_it_is_sent_again(bucket: S3Bucket) -> None:
    first = replace(bucket, b"one", "")
    assert replace(bucket, b"one", "") == first
    second = replace(bucket, b"two", first)
    assert replace(bucket, b"two", first) == second


def test_what_is_not_there_is_nothing(bucket: S3Bucket) -> None:
    assert bucket.get("media/none") is None


def test_a_cache_is_told_how_long_it_may_keep_an_object(bucket: S3Bucket, endpoint: str) -> None:
    bucket.put("media/1/000000.ts", b"segment", content_type="video/mp2t", cache_control="max-age=5")
    replace(bucket, b"one", "")
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    told = [client.head_object(Bucket="bucket", Key=f"media/1/{name}") for name in ("000000.ts", "playlist.m3u8")]
    client.close()
    assert [each["CacheControl"] for each in told] == ["max-age=5", "max-age=1"]
