"""The recorder's bucket and table, built from the environment AWS's own tools read."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from chalicelib.settings import Settings
from chalicelib.table import DynamoTable
from recorder_task.aws import dynamodb, s3
from recorder_task.aws.credentials import CredentialSource
from recorder_task.aws.s3_reading import S3ReadableBucket
from recorder_task.aws.transport import ErrorReader, Transport

CONTROL_RETRY_SECONDS = 8.0
"""Reading orders and renewing the lease must fail long before the lease runs out."""
TABLE_TIMEOUT_SECONDS = 3.0
"""Its requests are small: two that hang leave time for a third."""
BUCKET_TIMEOUT_SECONDS = 15.0


@contextmanager
def connected(settings: Settings, environment: Mapping[str, str]) -> Iterator[tuple[S3ReadableBucket, DynamoTable]]:
    """Bucket and table; `AWS_ENDPOINT_URL` and its forms for one service point them at an emulator.

    `AWS_CA_BUNDLE` names a file of certificates to trust instead of the system's. Raises ValueError where it is none.
    """
    credentials = CredentialSource(environment)
    trusted = _trusted(environment.get("AWS_CA_BUNDLE", ""))

    def transport(service: str, read_error: ErrorReader, retry_seconds: float, timeout_seconds: float) -> Transport:
        endpoint = (
            environment.get(f"AWS_ENDPOINT_URL_{service.upper()}")
            or environment.get("AWS_ENDPOINT_URL")
            or f"https://{service}.{settings.aws_region}.amazonaws.com"
        )
        return Transport(
            service=service,
            endpoint=endpoint,
            region=settings.aws_region,
            credentials=credentials,
            read_error=read_error,
            retry_seconds=retry_seconds,
            timeout_seconds=timeout_seconds,
            tls=trusted,
        )

    to_s3 = transport("s3", s3.read_error, settings.upload_retry_seconds, BUCKET_TIMEOUT_SECONDS)
    to_dynamodb = transport("dynamodb", dynamodb.read_error, CONTROL_RETRY_SECONDS, TABLE_TIMEOUT_SECONDS)
    with closing(to_s3), closing(to_dynamodb):
        client = dynamodb.DynamoClient(to_dynamodb)
        yield S3ReadableBucket(settings.bucket_name, to_s3), DynamoTable(settings.table_name, lambda: client)


def _trusted(bundle: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=bundle or None)
    except OSError as error:
        raise ValueError(f"AWS_CA_BUNDLE: {bundle}: {error}") from error
