"""Writes that the table would take a moment later are tried again; what a condition refuses is not."""

from typing import Any

import pytest

from chalicelib import conflicts
from chalicelib.keys import Key
from chalicelib.table import ConditionFailed, Delete, DynamoTable, Put

KEY = Key("P", "a")


class Refused(Exception):
    """An error in the form that botocore gives it."""

    def __init__(self, code: str, *reasons: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}


class BusyClient:
    """Raises what it was given, one a call, and succeeds when nothing is left."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return {}

    put_item = transact_write_items


def table_of(client: BusyClient, monkeypatch: pytest.MonkeyPatch) -> DynamoTable:
    monkeypatch.setattr(conflicts, "PAUSES_SECONDS", (0.0, 0.0))
    return DynamoTable("t", lambda: client)


def test_a_transaction_that_met_another_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    conflict = Refused("TransactionCanceledException", "None", "TransactionConflict")
    client = BusyClient(conflict, conflict)
    table_of(client, monkeypatch).transact(Put(key=KEY, item={}), Delete(key=Key("P", "b")))
    assert client.calls == 3


def test_a_transaction_that_the_table_throttled_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client = BusyClient(
        Refused("TransactionCanceledException", "None", "ThrottlingError"),
        Refused("TransactionCanceledException", "ProvisionedThroughputExceeded", "TransactionConflict"),
    )
    table_of(client, monkeypatch).transact(Put(key=KEY, item={}), Delete(key=Key("P", "b")))
    assert client.calls == 3


def test_what_no_other_try_would_mend_is_raised_at_once_even_beside_a_conflict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = BusyClient(Refused("TransactionCanceledException", "TransactionConflict", "ValidationError"))
    with pytest.raises(Refused):
        table_of(client, monkeypatch).transact(Put(key=KEY, item={}), Delete(key=Key("P", "b")))
    assert client.calls == 1


def test_a_single_write_that_met_a_transaction_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client = BusyClient(Refused("TransactionConflictException"))
    table_of(client, monkeypatch).put(Put(key=KEY, item={}))
    assert client.calls == 2


def test_a_refused_condition_is_told_at_once_even_beside_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    client = BusyClient(Refused("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed"))
    with pytest.raises(ConditionFailed) as failure:
        table_of(client, monkeypatch).transact(Put(key=KEY, item={}), Delete(key=Key("P", "b")))
    assert (failure.value.failed, client.calls) == ((1,), 1)


def test_a_conflict_that_never_ends_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    conflict = Refused("TransactionCanceledException", "TransactionConflict")
    client = BusyClient(conflict, conflict, conflict)
    with pytest.raises(Refused):
        table_of(client, monkeypatch).transact(Put(key=KEY, item={}))
    assert client.calls == 3
