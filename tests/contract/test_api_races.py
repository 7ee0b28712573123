"""Two clients at one moment: the other's whole request is carried out just before one's own transaction."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from moto import mock_aws

from chalicelib import aws, keys
from chalicelib.api.action import Call
from chalicelib.errors import ApiError
from chalicelib.handlers.api import LIVE
from chalicelib.settings import settings
from chalicelib.table import Table, Write
from tests.conflicts import CALLBACK_RULE, CALLBACK_TEMPLATE, RULE, TEMPLATE
from tests.fakes.scheduler import FakeScheduler
from tests.fakes.table import FakeTable
from tests.moto_table import create_table

NOW = 1_800_000_000.25
LIMIT = 50


class Interleaved:
    """A client's view of the table: the rival's turn comes before its first transaction."""

    def __init__(self, table: Table, rival: Callable[[], object]) -> None:
        self._table = table
        self._rival: Callable[[], object] | None = rival

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def transact(self, *writes: Write) -> None:
        rival, self._rival = self._rival, None
        if rival:
            rival()
        self._table.transact(*writes)


@pytest.fixture(params=["memory", "moto"])
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    if request.param == "memory":
        monkeypatch.setattr(aws, "client", {"scheduler": FakeScheduler()}.__getitem__)
        yield FakeTable()
        return
    monkeypatch.setenv("TABLE_NAME", "of-the-test")
    settings.cache_clear()
    with mock_aws():
        create_table(aws.client("dynamodb"), "of-the-test")
        yield aws.table()


def act(table: Any, action: str, fields: Mapping[str, Any]) -> str:
    """The code of the answer, or `ok`."""
    try:
        LIVE.actions[action].run(fields, Call(table=table, now=NOW), are_text=False)
    except ApiError as refused:
        return refused.code
    return "ok"


def at_once(table: Table, action: str, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[str, str]:
    """What two clients are answered, the second of which comes in the middle of the first."""
    answers: list[str] = []
    mine_answered = act(Interleaved(table, lambda: answers.append(act(table, action, theirs))), action, mine)
    return mine_answered, answers[0]


def total(table: Table, concept: str) -> int:
    counted = (table.get(keys.counter(concept)) or {})["total"]
    assert counted == len(list(table.query(concept)))
    return int(counted)


@pytest.mark.parametrize(
    ("template", "concept"),
    [(TEMPLATE, keys.RECORD_TEMPLATES), (CALLBACK_TEMPLATE, keys.CALLBACK_TEMPLATES)],
    ids=["recording", "callback"],
)
def test_of_two_clients_that_create_the_fiftieth_template_one_wins(
    table: Table, template: tuple[str, dict[str, Any]], concept: str
) -> None:
    action, fields = template
    for _ in range(LIMIT - 1):
        assert act(table, action, fields) == "ok"
    assert at_once(table, action, fields, fields) == ("InternalError.ConfOutLimit", "ok")
    assert total(table, concept) == LIMIT


@pytest.mark.parametrize(
    ("template", "rule", "concept"),
    [(TEMPLATE, RULE, keys.RECORD_RULES), (CALLBACK_TEMPLATE, CALLBACK_RULE, keys.CALLBACK_RULES)],
    ids=["recording", "callback"],
)
def test_of_two_clients_that_create_the_fiftieth_rule_one_wins(
    table: Table, template: tuple[str, dict[str, Any]], rule: tuple[str, dict[str, Any]], concept: str
) -> None:
    act(table, *template)
    action, fields = rule
    for number in range(LIMIT - 1):
        assert act(table, action, {**fields, "AppName": f"a{number}"}) == "ok"
    outcome = at_once(table, action, {**fields, "AppName": "mine"}, {**fields, "AppName": "theirs"})
    assert outcome == ("InternalError.RuleOutLimit", "ok")
    assert total(table, concept) == LIMIT


@pytest.mark.parametrize(
    ("template", "rule"),
    [(TEMPLATE, RULE), (CALLBACK_TEMPLATE, CALLBACK_RULE)],
    ids=["recording", "callback"],
)
def test_of_two_clients_that_create_one_rule_one_wins(
    table: Table, template: tuple[str, dict[str, Any]], rule: tuple[str, dict[str, Any]]
) -> None:
    act(table, *template)
    assert at_once(table, *rule, rule[1]) == ("FailedOperation.RuleAlreadyExist", "ok")


@pytest.mark.parametrize(
    ("template", "rule", "concept"),
    [(TEMPLATE, RULE, keys.RECORD_RULES), (CALLBACK_TEMPLATE, CALLBACK_RULE, keys.CALLBACK_RULES)],
    ids=["recording", "callback"],
)
def test_a_template_that_is_deleted_while_a_rule_is_bound_to_it_leaves_no_rule_without_one(
    table: Table, template: tuple[str, dict[str, Any]], rule: tuple[str, dict[str, Any]], concept: str
) -> None:
    act(table, *template)
    deletion = template[0].replace("Create", "Delete")
    rival = Interleaved(table, lambda: act(table, deletion, {"TemplateId": 1}))
    assert act(rival, *rule) in ("InvalidParameter.ConfNotFound", "InternalError.ConfNotFound")
    assert list(table.query(concept)) == []


def test_of_two_clients_that_add_the_hundredth_domain_one_wins(table: Table) -> None:
    for number in range(99):
        assert act(table, "AddLiveDomain", {"DomainName": f"d{number}.example.com", "DomainType": 0}) == "ok"
    mine, theirs = ({"DomainName": f"{whose}.example.com", "DomainType": 0} for whose in ("mine", "theirs"))
    assert at_once(table, "AddLiveDomain", mine, theirs) == ("FailedOperation.HostOutLimit", "ok")
    assert total(table, keys.DOMAINS) == 100


def test_of_two_clients_that_create_a_stream_s_third_task_one_wins(table: Table) -> None:
    task = {"DomainName": "d", "AppName": "live", "StreamName": "s", "StartTime": int(NOW) + 600}
    window = {**task, "EndTime": int(NOW) + 660}
    assert [act(table, "CreateRecordTask", window) for _ in range(2)] == ["ok", "ok"]
    outcome = at_once(table, "CreateRecordTask", window, window)
    assert outcome == ("LimitExceeded.MaximumRunningTask", "ok")
