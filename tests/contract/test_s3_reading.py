"""One suite for the bucket's double and moto: what recovery reads of a bucket."""

from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from recorder_task.aws.credentials import CredentialSource
from recorder_task.aws.s3 import read_error
from recorder_task.aws.s3_reading import S3ReadableBucket
from recorder_task.aws.transport import Transport
from tests.fakes.s3 import FakeS3

PART = b"p" * (5 * 1024 * 1024)
KEY = "media/5/f0.mp4"


@pytest.fixture(params=["fake", "moto"])
def bucket(request: pytest.FixtureRequest) -> Iterator[S3ReadableBucket]:
    """Each of the two, empty."""
    if request.param == "fake":
        with FakeS3() as s3:
            yield from connected(s3.url)
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    resource = boto3.resource("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1").Bucket("bucket")
    resource.create()
    yield from connected(f"http://{host}:{port}")
    for upload in resource.multipart_uploads.all():
        upload.abort()
    resource.objects.all().delete()
    resource.delete()
    server.stop()


def connected(endpoint: str) -> Iterator[S3ReadableBucket]:
    """The recorder's client."""
    credentials = CredentialSource({"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"})
    transport = Transport(
        service="s3",
        endpoint=endpoint,
        region="us-east-1",
        credentials=credentials,
        read_error=read_error,
        retry_seconds=0.5,
        timeout_seconds=15.0,
    )
    yield S3ReadableBucket("bucket", transport)
    transport.close()


def test_an_object_is_read_in_pieces(bucket: S3ReadableBucket) -> None:
    assert bucket.size(KEY) is None
    bucket.put(KEY, b"0123456789", content_type="video/mp4")
    assert bucket.size(KEY) == 10
    assert bucket.read(KEY, 2, 3) == b"234"
    assert bucket.read(KEY, 8, 100) == b"89"


def test_an_upload_that_was_left_open_is_found_and_completed_by_somebody_else(bucket: S3ReadableBucket) -> None:
    assert bucket.open_uploads(KEY) == []
    upload_id = bucket.begin_upload(KEY, content_type="video/mp4")
    bucket.begin_upload(f"{KEY}-other", content_type="video/mp4")
    written = [
        bucket.put_part(KEY, upload_id, number, content) for number, content in ((1, PART), (2, PART), (3, b"end"))
    ]
    assert bucket.open_uploads(KEY) == [upload_id]
    found = bucket.parts(KEY, upload_id)
    assert [each.size_bytes for each in found] == [len(PART), len(PART), 3]
    assert [each.part.etag for each in found] == [each.etag for each in written]
    bucket.complete_upload(KEY, upload_id, [each.part for each in found], 2 * len(PART) + 3)
    assert bucket.size(KEY) == 2 * len(PART) + 3
    assert bucket.open_uploads(KEY) == []
