"""Templates as items: numbered, at most 50 of a kind, and not deleted while rules are bound to them.

A counter item holds the last number given and how many there are; its condition decides between two clients that
create the 50th at once. A template counts the rules bound to it in `bound`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import keys
from chalicelib.attribute_values import Item
from chalicelib.errors import ApiError, NotFound, TooManyTemplates
from chalicelib.keys import Key
from chalicelib.table import (
    Compare,
    Condition,
    ConditionFailed,
    Delete,
    Path,
    Put,
    Table,
    Update,
    item_exists,
    no_such_item,
)

LIMIT = 50
nothing_bound: Condition = Compare("bound", "=", 0)
below_limit: Condition = Compare("total", "<", LIMIT)


@dataclass(frozen=True, kw_only=True)
class TemplateStore:
    """Templates of one kind: recording or callback."""

    partition: str
    key: Callable[[int], Key]
    missing_at_delete: type[ApiError]
    bound_at_delete: type[ApiError]

    def create(self, table: Table, fields: Mapping[str, Any]) -> int:
        """A new template; returns its number. Raises TooManyTemplates."""
        counter = keys.counter(self.partition)
        template_id: int = table.update(Update(key=counter, add={"last_id": 1, "total": 0}))["last_id"]
        item = {**fields, "TemplateId": template_id, "bound": 0}
        try:
            table.transact(
                Put(key=self.key(template_id), item=item, when=[no_such_item]),
                Update(key=counter, add={"total": 1}, when=[below_limit]),
            )
        except ConditionFailed:
            raise TooManyTemplates from None
        return template_id

    def modify(
        self, table: Table, template_id: int, changes: Mapping[str, Any], *, when: Sequence[Condition] = ()
    ) -> None:
        """Set the fields in `changes` (at least one), at every depth; the others stay.

        Raises NotFound, also where what the template is to be (`when`) does not hold.
        """
        try:
            table.update(Update(key=self.key(template_id), set=dict(_leaves(changes)), when=[item_exists, *when]))
        except ConditionFailed:
            raise NotFound from None

    def get(self, table: Table, template_id: int) -> Item:
        """The template's item; raises NotFound."""
        item = table.get(self.key(template_id))
        if item is None:
            raise NotFound
        return item

    def all(self, table: Table) -> list[Item]:
        """Every template, by number."""
        return list(table.query(self.partition))

    def delete(self, table: Table, template_id: int) -> None:
        """Remove a template to which no rule is bound."""
        key = self.key(template_id)
        try:
            table.transact(
                Delete(key=key, when=[nothing_bound]),
                Update(key=keys.counter(self.partition), add={"total": -1}),
            )
        except ConditionFailed:
            raise (self.bound_at_delete if table.get(key) else self.missing_at_delete) from None


def _leaves(changes: Mapping[str, Any], *above: str) -> list[tuple[Path, Any]]:
    found: list[tuple[Path, Any]] = []
    for name, value in changes.items():
        found += _leaves(value, *above, name) if isinstance(value, Mapping) else [((*above, name), value)]
    return found
