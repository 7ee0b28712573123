"""What it costs to upload, beside boto3: the thread that sends is measured, a bucket in another process takes it."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import boto3
from botocore.config import Config

from chalicelib.settings import Settings
from recorder_task.aws.connect import connected
from tests.fakes.s3 import FakeS3

PART = bytes(8 * 2**20)
PARTS = 64
KEY = "media/bench/bench.flv"
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}


def seconds_per_gib() -> tuple[float, float]:
    """CPU seconds of ours and of boto3, both with a CRC-32 for each part."""
    with _bucket() as (url, name):
        environment = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_ENDPOINT_URL": url}
        with connected(Settings(bucket_name=name), environment) as (bucket, _):
            upload_id = bucket.begin_upload(KEY, content_type="video/x-flv")
            ours = _measured(lambda: bucket.put_part(KEY, upload_id, 1, PART))
        client = boto3.client("s3", endpoint_url=url, config=Config(s3={"addressing_style": "path"}), **KEYS)
        begun = client.create_multipart_upload(Bucket=name, Key=KEY, ChecksumAlgorithm="CRC32")["UploadId"]
        theirs = _measured(
            lambda: client.upload_part(
                Bucket=name, Key=KEY, UploadId=begun, PartNumber=1, Body=PART, ChecksumAlgorithm="CRC32"
            )
        )
    return ours, theirs


def _measured(upload_one: Callable[[], object]) -> float:
    upload_one()
    began = time.thread_time()
    for _ in range(PARTS):
        upload_one()
    return (time.thread_time() - began) * 2**30 / (PARTS * len(PART))


@contextmanager
def _bucket() -> Iterator[tuple[str, str]]:
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,))
    process.start()
    yield here.recv()
    here.send("enough")
    process.join()


def _serve(pipe: Connection) -> None:
    with FakeS3() as s3:
        pipe.send((s3.url, s3.bucket))
        pipe.recv()
