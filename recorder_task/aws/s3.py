"""The bucket: objects and multipart uploads, every body with a CRC-32 that S3 verifies."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from urllib.parse import quote
from xml.etree import ElementTree

from isal import isal_zlib

from chalicelib.recording.naming import MEDIA_PREFIX
from recorder_task.aws.errors import AwsError, Overtaken
from recorder_task.aws.exchange import Answer, Body
from recorder_task.aws.transport import Transport, Watcher

FACTS = "x-amz-meta-facts"
ONLY_IF_ABSENT = {"if-none-match": "*"}


@dataclass(frozen=True)
class UploadedPart:
    """A part that lies in S3; `checksum` is the CRC-32 in base 64."""

    number: int
    etag: str
    checksum: str


class Fetched(NamedTuple):
    """An object that was read; `facts` is what `replace` has noted beside its content."""

    content: bytes
    etag: str
    facts: str


class Uploads(Protocol):
    """What an object that grows needs of its bucket."""

    def put(self, key: str, body: Body, *, content_type: str, only_if_absent: bool = False) -> bool: ...

    def begin_upload(self, key: str, *, content_type: str) -> str: ...

    def put_part(self, key: str, upload_id: str, number: int, body: Body) -> UploadedPart: ...

    def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[UploadedPart], size_bytes: int, *, only_if_absent: bool = False
    ) -> None: ...

    def abort_upload(self, key: str, upload_id: str) -> None: ...

    def open_uploads(self, key: str) -> list[str]: ...


class Bucket(Uploads, Protocol):
    """What the recorder knows of its bucket."""

    was_let_in: bool

    def watch(self, watcher: Watcher) -> None: ...

    def put(
        self, key: str, body: Body, *, content_type: str, cache_control: str = "", only_if_absent: bool = False
    ) -> bool: ...

    def replace(
        self, key: str, body: bytes, *, content_type: str, cache_control: str, facts: str, after: str
    ) -> str: ...

    def get(self, key: str) -> Fetched | None: ...


class S3Bucket:
    """A bucket behind a transport, addressed by path."""

    def __init__(self, name: str, transport: Transport) -> None:
        self.name = name
        self._transport = transport
        self.was_let_in = False
        """Media of this process was taken: it may write here."""

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` how the bucket answers."""
        self._transport.watch(watcher)

    def put(
        self, key: str, body: Body, *, content_type: str, cache_control: str = "", only_if_absent: bool = False
    ) -> bool:
        """Write an object; False where `only_if_absent` and there is another one already.

        One that is as long as this was written by an earlier try, whose answer was lost.
        """
        headers = {"content-type": content_type, "x-amz-checksum-crc32": checksum(body)}
        if cache_control:
            headers["cache-control"] = cache_control
        if only_if_absent:
            headers["if-none-match"] = "*"
        try:
            self._request("PUT", key, headers=headers, body=body)
        except AwsError as error:
            if only_if_absent and error.code == "PreconditionFailed":
                return self._size(key) == len(body)
            raise
        return True

    def replace(self, key: str, body: bytes, *, content_type: str, cache_control: str, facts: str, after: str) -> str:
        """Write an object if it still is the one whose ETag is `after` (empty: if there is none); returns the new ETag.

        Raises Overtaken where somebody else has written it. `facts`, ASCII of less than 2 KB, is kept beside it.
        """
        headers = {
            "content-type": content_type,
            "cache-control": cache_control,
            "x-amz-checksum-crc32": checksum(body),
            FACTS: facts,
            **({"if-match": after} if after else {"if-none-match": "*"}),
        }
        try:
            return self._request("PUT", key, headers=headers, body=body).headers["etag"]
        except AwsError as error:
            if error.code not in ("PreconditionFailed", "NoSuchKey"):
                raise
            found = self.get(key)
            if found is not None and (found.content, found.facts) == (body, facts):
                return found.etag  # written by an earlier try of ours, whose answer was lost
            raise Overtaken(error.code, f"{key} was written by somebody else", error.status) from error

    def get(self, key: str) -> Fetched | None:
        """An object, or None where there is none."""
        try:
            answer = self._request("GET", key)
        except AwsError as error:
            if error.code == "NoSuchKey":
                return None
            raise
        return Fetched(answer.body, answer.headers["etag"], answer.headers.get(FACTS, ""))

    def begin_upload(self, key: str, *, content_type: str) -> str:
        """Begin a multipart upload and return its id."""
        headers = {"content-type": content_type, "x-amz-checksum-algorithm": "CRC32"}
        answer = self._request("POST", key, query={"uploads": ""}, headers=headers)
        return _text(answer.body, "UploadId")

    def put_part(self, key: str, upload_id: str, number: int, body: Body) -> UploadedPart:
        """Write a part, or write it again with another content."""
        crc = checksum(body)
        query = {"partNumber": str(number), "uploadId": upload_id}
        answer = self._request("PUT", key, query=query, headers={"x-amz-checksum-crc32": crc}, body=body)
        return UploadedPart(number, answer.headers["etag"], crc)

    def complete_upload(
        self, key: str, upload_id: str, parts: Sequence[UploadedPart], size_bytes: int, *, only_if_absent: bool = False
    ) -> None:
        """Make the parts one object; an upload that an unseen earlier try completed counts as done.

        Raises Overtaken where `only_if_absent` and there is another object.
        """
        rows = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>{_escaped(part.etag)}</ETag>"
            f"{_checksum_element(part.checksum)}</Part>"
            for part in parts
        )
        body = (
            f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{rows}</CompleteMultipartUpload>'
        ).encode()
        try:
            # S3 answers 200 before it knows: the body says whether it went well.
            self._request(
                "POST",
                key,
                query={"uploadId": upload_id},
                headers={"content-type": "application/xml", **(ONLY_IF_ABSENT if only_if_absent else {})},
                body=body,
                is_answered_early=True,
            )
        except AwsError as error:
            if error.code not in ("NoSuchUpload", "PreconditionFailed"):
                raise
            if self._size(key) == size_bytes:
                return
            if error.code == "PreconditionFailed":
                raise Overtaken(error.code, f"{key} was written by somebody else", error.status) from error
            raise

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Give an upload up; its parts are gone."""
        self._request("DELETE", key, query={"uploadId": upload_id})

    def _size(self, key: str) -> int | None:
        try:
            return int(self._request("HEAD", key).headers["content-length"])
        except AwsError:
            return None

    def _request(
        self,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
        is_answered_early: bool = False,
    ) -> Answer:
        path = f"/{self.name}/{quote(key, safe='/-_.~')}"
        answer = self._transport.request(
            method,
            path,
            query=query,
            headers=headers,
            body=body,
            is_answered_early=is_answered_early,
            was_let_in=self.was_let_in,
        )
        self.was_let_in = self.was_let_in or (key.startswith(MEDIA_PREFIX) and method in ("PUT", "POST"))
        return answer


def checksum(body: Body) -> str:
    """The CRC-32 of `body` as S3 spells it; the processor's own instructions make it cheap."""
    return base64.b64encode(isal_zlib.crc32(body).to_bytes(4, "big")).decode()


def read_error(body: bytes) -> tuple[str, str]:
    """Code and message of S3's error body; empty where it is none."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the answer of the endpoint we were configured to trust
    except ElementTree.ParseError:
        return "", ""
    if root.tag.rpartition("}")[2] != "Error":
        return "", ""
    return root.findtext("Code") or "", root.findtext("Message") or ""


def _escaped(text: str) -> str:
    """As a text of XML; the library's own way to do it brings the parser of e-mail with it, 2 MB."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _checksum_element(text: str) -> str:
    """Nothing for a part that was listed without one: S3 knows its parts anyway."""
    return f"<ChecksumCRC32>{text}</ChecksumCRC32>" if text else ""


def _text(body: bytes, name: str) -> str:
    root = ElementTree.fromstring(body)  # noqa: S314 - the answer of the endpoint we were configured to trust
    for element in root.iter():
        if element.tag.rpartition("}")[2] == name and element.text:
            return element.text
    raise AwsError("MalformedAnswer", f"no {name} in the answer")
