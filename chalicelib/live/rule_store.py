"""Rules as items: an address bound to a template, at most 50 of a kind.

One transaction writes the rule, the counter and the template's count of its rules, so that neither a limit nor a
binding can be passed by two clients at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib import keys
from chalicelib.api.moments import beijing_text
from chalicelib.attribute_values import Item
from chalicelib.errors import ConfNotFound, NotFound, RuleAlreadyExist, TooManyRules
from chalicelib.keys import Key
from chalicelib.live.template_store import TemplateStore, below_limit
from chalicelib.table import Compare, ConditionFailed, Delete, Put, Table, Update, item_exists, no_such_item


@dataclass(frozen=True, kw_only=True)
class RuleStore:
    """Rules of one kind: recording or callback."""

    partition: str
    templates: TemplateStore

    def bind(self, table: Table, key: Key, address: Mapping[str, str], template_id: int, now: float) -> None:
        """A new rule at `key`; raises ConfNotFound, RuleAlreadyExist, TooManyRules."""
        counter = keys.counter(self.partition)
        table.update(Update(key=counter, add={"total": 0}))  # a comparison needs the attribute to be there
        rule = {**address, "TemplateId": template_id, "created_at": int(now), "updated_at": int(now)}
        try:
            table.transact(
                Update(key=self.templates.key(template_id), add={"bound": 1}, when=[item_exists]),
                Put(key=key, item=rule, when=[no_such_item]),
                Update(key=counter, add={"total": 1}, when=[below_limit]),
            )
        except ConditionFailed as refused:
            raise (ConfNotFound, RuleAlreadyExist, TooManyRules)[refused.failed[0]] from None

    def unbind(self, table: Table, key: Key) -> None:
        """Remove the rule at `key`; raises NotFound."""
        missing = NotFound("DomainName: there is no rule for exactly this address.")
        rule = table.get(key)
        if rule is None:
            raise missing
        same_template = Compare("TemplateId", "=", rule["TemplateId"])
        try:
            table.transact(
                Delete(key=key, when=[same_template]),
                Update(key=self.templates.key(rule["TemplateId"]), add={"bound": -1}, when=[item_exists]),
                Update(key=keys.counter(self.partition), add={"total": -1}),
            )
        except ConditionFailed:
            raise missing from None

    def all(self, table: Table) -> list[Item]:
        """Every rule, in the order of its address."""
        return list(table.query(self.partition))


def rule_times(rule: Item) -> dict[str, Any]:
    """CreateTime and UpdateTime as the wire gives them."""
    return {"CreateTime": beijing_text(rule["created_at"]), "UpdateTime": beijing_text(rule["updated_at"])}
