"""What of DynamoDB's refusals is tried again, and by whom, by a clock of the test's own."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from chalicelib.attribute_values import Item, encode_item
from chalicelib.keys import Key
from chalicelib.table import Check, ConditionFailed, DynamoTable, Put, item_exists
from recorder_task.aws import transport
from recorder_task.aws.connect import CONTROL_RETRY_SECONDS, TABLE_TIMEOUT_SECONDS
from recorder_task.aws.credentials import CredentialSource
from recorder_task.aws.dynamodb import DynamoClient, TransactionCancelled, read_error
from recorder_task.aws.errors import Unreachable
from recorder_task.aws.transport import LONGEST_PAUSE_SECONDS, Transport
from tests.fakes.serving import serving
from tests.unit.recorder.test_transport import KEYS, Clock

WRITES = (Check(key=Key("P", "a"), when=[item_exists]), Put(key=Key("P", "b"), item={}))
PASSING = [
    ("None", "ThrottlingError"),
    ("ProvisionedThroughputExceeded", "None"),
    ("None", "TransactionConflict"),
    ("TransactionConflict", "ThrottlingError"),
]


class StubbornDynamo:
    """Refuses so many requests in these words, then takes all; keeps what it was asked."""

    def __init__(self) -> None:
        self.refusal: dict[str, Any] = {}
        self.refusals = 0.0
        self.item: Item | None = None
        """What every reading finds."""
        self.asked: list[dict[str, Any]] = []
        self.signatures: list[str] = []

    def refuse(self, code: str, *reasons: str, times: float = float("inf")) -> None:
        """Refuse with a code and, where it is a transaction that is cancelled, the reason of each of its writes."""
        self.refusals = times
        self.refusal = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "Message": "not now"}
        if reasons:
            self.refusal["CancellationReasons"] = [{"Code": reason} for reason in reasons]

    async def answer(self, request: web.Request) -> web.Response:
        """Take a request or refuse it."""
        self.asked.append(json.loads(await request.read()))
        self.signatures.append(request.headers["authorization"])
        refuses = len(self.asked) <= self.refusals
        found = {} if self.item is None else {"Item": encode_item(self.item)}
        return web.Response(status=400 if refuses else 200, text=json.dumps(self.refusal if refuses else found))


@pytest.fixture
def dynamo() -> StubbornDynamo:
    """A table that takes everything until it is told otherwise."""
    return StubbornDynamo()


@pytest.fixture
def clock() -> Clock:
    """A clock that begins at 0."""
    return Clock()


@pytest.fixture
def table(dynamo: StubbornDynamo, clock: Clock) -> Iterator[DynamoTable]:
    """The recorder's table."""
    application = web.Application()
    application.router.add_post("/", dynamo.answer)
    with serving(application) as endpoint:
        to_dynamodb = Transport(
            service="dynamodb",
            endpoint=endpoint,
            region="us-east-1",
            credentials=CredentialSource(KEYS),
            read_error=read_error,
            retry_seconds=CONTROL_RETRY_SECONDS,
            timeout_seconds=TABLE_TIMEOUT_SECONDS,
            clock=lambda: clock.now,
            sleep=clock.sleep,
        )
        with closing(to_dynamodb):
            client = DynamoClient(to_dynamodb)
            yield DynamoTable("t", lambda: client)


def test_a_reading_that_asks_for_the_same_each_second_is_signed_once_a_minute(
    dynamo: StubbornDynamo, table: DynamoTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    for now in (0.0, 1.0, 59.0, 60.0, 61.0):
        monkeypatch.setattr(transport, "time", SimpleNamespace(time=lambda now=now: 1_800_000_000.0 + now))
        table.get(Key("P", "a"), only=("epoch",))
    first, second, third, fourth, fifth = dynamo.signatures
    assert first == second == third != fourth == fifth
    table.get(Key("P", "b"), only=("epoch",))
    assert dynamo.signatures[-1] != fifth
    table.put(WRITES[1])
    table.put(WRITES[1])
    monkeypatch.setattr(transport, "time", SimpleNamespace(time=lambda: 1_800_000_062.0))
    table.put(WRITES[1])
    assert dynamo.signatures[-1] != dynamo.signatures[-2]


def test_a_signature_is_not_used_again_by_a_clock_that_was_set_back(
    dynamo: StubbornDynamo, table: DynamoTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    for now in (100.0, 99.0):
        monkeypatch.setattr(transport, "time", SimpleNamespace(time=lambda now=now: 1_800_000_000.0 + now))
        table.get(Key("P", "a"), only=("epoch",))
    assert dynamo.signatures[0] != dynamo.signatures[1]


def test_a_reading_that_is_answered_the_same_is_a_new_item_each_time(
    dynamo: StubbornDynamo, table: DynamoTable
) -> None:
    dynamo.item = {"epoch": 3, "orders": {"a": [1]}}
    changed = table.get(Key("P", "a"))
    assert changed is not None
    changed["orders"]["a"].append(2)
    changed["epoch"] = 4
    assert table.get(Key("P", "a")) == dynamo.item


def test_a_reading_says_what_was_answered_last_whatever_was_answered_and_asked_before(
    dynamo: StubbornDynamo, table: DynamoTable
) -> None:
    told: tuple[Item | None, ...] = ({"epoch": 3}, {"epoch": 3}, {"epoch": 4}, {}, None, {"epoch": 3}, {"epoch": "3"})
    for dynamo.item in told:
        assert table.get(Key("P", "a"), only=("epoch",)) == dynamo.item
        assert table.get(Key("P", "a"), only=("epoch",)) == dynamo.item
        assert table.get(Key("P", "b")) == dynamo.item
    first, second, third = dynamo.asked[:3]
    assert (
        first
        == second
        == {
            "TableName": "t",
            "Key": {"PK": {"S": "P"}, "SK": {"S": "a"}},
            "ConsistentRead": True,
            "ProjectionExpression": "#n0",
            "ExpressionAttributeNames": {"#n0": "epoch"},
        }
    )
    assert third == {"TableName": "t", "Key": {"PK": {"S": "P"}, "SK": {"S": "b"}}, "ConsistentRead": True}
    assert dynamo.asked == [first, second, third] * len(told)


@pytest.mark.parametrize("reasons", PASSING, ids=",".join)
def test_a_transaction_that_was_cancelled_by_what_passes_is_the_same_one_when_it_is_tried_again(
    reasons: Sequence[str], dynamo: StubbornDynamo, table: DynamoTable, clock: Clock
) -> None:
    dynamo.refuse("TransactionCanceledException", *reasons, times=3)
    table.transact(*WRITES)
    assert len(dynamo.asked) == 4
    assert len({request["ClientRequestToken"] for request in dynamo.asked}) == 1
    assert len(clock.pauses) == 3


def test_a_transaction_that_is_still_at_work_when_it_is_sent_again_is_asked_for_until_it_has_ended(
    dynamo: StubbornDynamo, table: DynamoTable
) -> None:
    dynamo.refuse("TransactionInProgressException", times=3)
    table.transact(*WRITES)
    assert len({request["ClientRequestToken"] for request in dynamo.asked}) == 1
    assert len(dynamo.asked) == 4


def test_a_single_write_that_met_a_transaction_is_tried_again_by_the_transport(
    dynamo: StubbornDynamo, table: DynamoTable, clock: Clock
) -> None:
    dynamo.refuse("TransactionConflictException", times=3)
    table.put(WRITES[1])
    assert (len(dynamo.asked), len(clock.pauses)) == (4, 3)


def test_a_refused_condition_is_told_at_once_whatever_stands_beside_it(
    dynamo: StubbornDynamo, table: DynamoTable
) -> None:
    dynamo.refuse("TransactionCanceledException", "ThrottlingError", "ConditionalCheckFailed")
    with pytest.raises(ConditionFailed) as failure:
        table.transact(*WRITES)
    assert (failure.value.failed, len(dynamo.asked)) == ((1,), 1)


@pytest.mark.parametrize(
    "reasons", [("TransactionConflict", "ValidationError"), ("None", "AccessDenied"), ("None", "None")], ids=",".join
)
def test_a_transaction_that_no_other_try_would_mend_is_raised_at_once(
    reasons: Sequence[str], dynamo: StubbornDynamo, table: DynamoTable
) -> None:
    dynamo.refuse("TransactionCanceledException", *reasons)
    with pytest.raises(TransactionCancelled, match=",".join(reasons)):
        table.transact(*WRITES)
    assert len(dynamo.asked) == 1


@pytest.mark.parametrize("reasons", PASSING, ids=",".join)
def test_a_transaction_that_is_always_cancelled_is_given_up_once_the_transport_s_time_is_over(
    reasons: Sequence[str], dynamo: StubbornDynamo, table: DynamoTable, clock: Clock
) -> None:
    dynamo.refuse("TransactionCanceledException", *reasons)
    with pytest.raises(Unreachable, match=",".join(reasons)):
        table.transact(*WRITES)
    assert CONTROL_RETRY_SECONDS - LONGEST_PAUSE_SECONDS <= clock.now <= CONTROL_RETRY_SECONDS


def test_a_single_write_that_always_meets_a_transaction_is_given_up_then_too(
    dynamo: StubbornDynamo, table: DynamoTable, clock: Clock
) -> None:
    dynamo.refuse("TransactionConflictException")
    with pytest.raises(Unreachable, match="TransactionConflict"):
        table.put(WRITES[1])
    assert CONTROL_RETRY_SECONDS - LONGEST_PAUSE_SECONDS <= clock.now <= CONTROL_RETRY_SECONDS
