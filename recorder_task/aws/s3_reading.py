"""The bucket as recovery sees it: objects read in pieces, and uploads that a dead recorder left open."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol
from xml.etree import ElementTree

from recorder_task.aws.errors import AwsError
from recorder_task.aws.s3 import Bucket, S3Bucket, UploadedPart


class StoredPart(NamedTuple):
    """A part of an open upload, as S3 lists it."""

    part: UploadedPart
    size_bytes: int


class ReadableBucket(Bucket, Protocol):
    """What recovery knows of its bucket."""

    def size(self, key: str) -> int | None: ...

    def read(self, key: str, offset: int, size_bytes: int) -> bytes: ...

    def open_uploads(self, key: str) -> list[str]: ...

    def parts(self, key: str, upload_id: str) -> list[StoredPart]: ...


class S3ReadableBucket(S3Bucket):
    """A bucket that is read as well as written."""

    def size(self, key: str) -> int | None:
        """Bytes of an object, or None where there is none."""
        try:
            return int(self._request("HEAD", key).headers["content-length"])
        except AwsError as error:
            if error.status == 404:
                return None
            raise

    def read(self, key: str, offset: int, size_bytes: int) -> bytes:
        """A piece of an object, shorter at its end."""
        return self._request("GET", key, headers={"range": f"bytes={offset}-{offset + size_bytes - 1}"}).body

    def open_uploads(self, key: str) -> list[str]:
        """Ids of the uploads that are open under a key."""
        answer = self._request("GET", "", query={"uploads": "", "prefix": key})
        return [
            _field(upload, "UploadId")
            for upload in _elements(ElementTree.fromstring(answer.body), "Upload")  # noqa: S314 - as in s3.py
            if _field(upload, "Key") == key
        ]

    def parts(self, key: str, upload_id: str) -> list[StoredPart]:
        """The parts of an open upload, by number."""
        found: list[StoredPart] = []
        query = {"uploadId": upload_id}
        while True:
            page = ElementTree.fromstring(self._request("GET", key, query=query).body)  # noqa: S314 - as in s3.py
            for each in _elements(page, "Part"):
                part = UploadedPart(
                    int(_field(each, "PartNumber")), _field(each, "ETag"), _field(each, "ChecksumCRC32")
                )
                found.append(StoredPart(part, int(_field(each, "Size"))))
            if _field(page, "IsTruncated") != "true":
                return found
            query["part-number-marker"] = _field(page, "NextPartNumberMarker")


def _elements(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == name)


def _field(element: ElementTree.Element, name: str) -> str:
    """The text of a child, empty where there is none."""
    return next((child.text or "" for child in element if child.tag.rpartition("}")[2] == name), "")
