"""The bucket over TLS: whom a recorder trusts."""

from pathlib import Path

import pytest

from chalicelib.settings import Settings
from recorder_task.aws.connect import connected
from recorder_task.aws.errors import Unreachable
from tests.fakes.certificate import Certificate
from tests.fakes.s3 import FakeS3

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
SETTINGS = Settings(bucket_name="bucket", upload_retry_seconds=0.0)
BODY = bytes(range(256)) * 40_000


def test_a_server_is_trusted_whose_certificate_is_in_the_bundle(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)
    with FakeS3(tls=certificate.server_context()) as s3:
        environment = {**KEYS, "AWS_ENDPOINT_URL_S3": s3.url, "AWS_CA_BUNDLE": str(certificate.path)}
        with connected(SETTINGS, environment) as (bucket, _):
            bucket.put("key", BODY, content_type="text/plain")
            fetched = bucket.get("key")
            assert fetched is not None
            assert fetched.content == BODY


def test_another_server_is_not(tmp_path: Path) -> None:
    with FakeS3(tls=Certificate(tmp_path).server_context()) as s3:
        environment = {**KEYS, "AWS_ENDPOINT_URL_S3": s3.url}
        with (
            connected(SETTINGS, environment) as (bucket, _),
            pytest.raises(Unreachable, match="SSLCertVerificationError"),
        ):
            bucket.put("key", BODY, content_type="text/plain")
        assert s3.requests == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_that_is_none_is_named(tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    with (
        pytest.raises(ValueError, match=r"^AWS_CA_BUNDLE: .*bundle\.pem"),
        connected(SETTINGS, {**KEYS, "AWS_CA_BUNDLE": str(bundle)}),
    ):
        pass
