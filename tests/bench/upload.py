"""What it costs to upload, beside boto3: the thread that sends is measured, a bucket in another process takes it."""

import time
from collections.abc import Callable

import boto3
from botocore.config import Config

from chalicelib.settings import Settings
from recorder_task.aws.connect import connected
from tests.bench.cloud import KEYS, Cloud
from tests.bench.figures import Figures

PART = bytes(8 * 2**20)
PARTS = 64
KEY = "media/bench/bench.flv"


def measure(figures: Figures, cloud: Cloud) -> None:
    """CPU seconds a GiB, a CRC-32 of each part included."""
    cloud.forget()
    with connected(Settings(bucket_name=cloud.bucket), cloud.environment) as (bucket, _):
        upload_id = bucket.begin_upload(KEY, content_type="video/x-flv")
        ours = _measured(lambda: bucket.put_part(KEY, upload_id, 1, PART))
    config = Config(s3={"addressing_style": "path"})
    client = boto3.client("s3", endpoint_url=cloud.s3_url, verify=cloud.certificate, config=config, **KEYS)
    begun = client.create_multipart_upload(Bucket=cloud.bucket, Key=KEY, ChecksumAlgorithm="CRC32")["UploadId"]
    theirs = _measured(
        lambda: client.upload_part(
            Bucket=cloud.bucket, Key=KEY, UploadId=begun, PartNumber=1, Body=PART, ChecksumAlgorithm="CRC32"
        )
    )
    figures.compared(f"upload over TLS, beside boto3 {boto3.__version__}: CPU s a GiB", ours, theirs, "< 1")


def _measured(upload_one: Callable[[], object]) -> float:
    upload_one()
    began = time.thread_time()
    for _ in range(PARTS):
        upload_one()
    return (time.thread_time() - began) * 2**30 / (PARTS * len(PART))
