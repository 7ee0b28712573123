"""The demo's callback receiver: signatures checked, events awaited, failures on demand."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from chalicelib.notify.signing import header
from infra.local.demo.receiver import Receiver, complaint_about, complaint_about_bytes

KEY = "abcd1234"
SIGNED = {"t": 1473126233, "sign": "1e0b8cbd2524445c8376c4ce7697dfd3"}
"""The vendor's own example (wire.md, section 6)."""


def post(url: str, event: dict[str, Any]) -> int:
    request = urllib.request.Request(url, json.dumps(event).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code


@pytest.mark.parametrize(
    ("event", "key", "now", "complaint"),
    [
        (SIGNED, KEY, 1473126000.0, ""),
        (SIGNED, "another", 1473126000.0, "signed with another key"),
        (SIGNED, KEY, 1473126243.0, "expired 10 s ago"),
        ({"t": 1473126233}, KEY, 1473126000.0, "not signed"),
    ],
    ids=["valid", "another key", "expired", "unsigned"],
)
def test_a_signature_is_judged(event: dict[str, Any], key: str, now: float, complaint: str) -> None:
    assert complaint_about(event, key, now) == complaint


@pytest.mark.parametrize(
    ("body", "stated", "now", "complaint"),
    [
        (b"{}", header(b"{}", KEY, at=1000), 1299.0, ""),
        (b"{ }", header(b"{}", KEY, at=1000), 1000.0, "the body is signed with another key"),
        (b"{}", header(b"{}", "another", at=1000), 1000.0, "the body is signed with another key"),
        (b"{}", header(b"{}", KEY, at=1000), 1301.0, "the body was signed long ago"),
        (b"{}", "", 1000.0, "the body is not signed"),
        (b"{}", "t=x,v1=y", 1000.0, "the body is not signed"),
    ],
    ids=["valid", "another body", "another key", "old", "none", "nonsense"],
)
def test_a_signature_over_the_body_is_judged(body: bytes, stated: str, now: float, complaint: str) -> None:
    assert complaint_about_bytes(body, stated, KEY, now) == complaint


def test_events_are_kept_with_the_complaint_about_them() -> None:
    with Receiver(KEY) as receiver:
        assert post(receiver.url, {**SIGNED, "event_type": 100, "file_format": "flv"}) == 200
        assert receiver.wait_for(1, timeout_seconds=5, event_type=100) == [
            {**SIGNED, "event_type": 100, "file_format": "flv"}
        ]
    assert [each.complaint.split(" ")[0] for each in receiver.received] == ["expired"]


def test_a_refused_event_is_not_an_accepted_one() -> None:
    answers = iter([500, 200])
    with Receiver(KEY, lambda event: next(answers)) as receiver:
        assert [post(receiver.url, {"n": 1}), post(receiver.url, {"n": 1})] == [500, 200]
        assert receiver.accepted() == [{"n": 1}]
    assert [each.answered for each in receiver.received] == [500, 200]


def test_waiting_in_vain_says_what_came() -> None:
    with Receiver(KEY) as receiver:
        post(receiver.url, {"event_type": 1})
        with pytest.raises(TimeoutError, match=r"came: \[\(1, None\)\]"):
            receiver.wait_for(1, timeout_seconds=0.05, event_type=100)
