"""The table in memory: the same interface, conditions and order as `DynamoTable`, held to it by one contract suite."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from threading import RLock
from typing import Any

from chalicelib.attribute_values import Item, decode_item, encode_item
from chalicelib.keys import INDEX_KEYS, PROJECTED, Key
from chalicelib.table import (
    Absent,
    Check,
    Compare,
    Condition,
    ConditionFailed,
    Delete,
    Path,
    Present,
    Put,
    Update,
    Write,
)

MISSING = object()
RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class FakeTable:
    """Items in a dict; `calls` counts what was asked of it by name, `read` what queries read.

    One request at a time, whoever makes it.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self.items: dict[Key, Item] = {}
        self.calls: list[str] = []
        self.read = 0

    def get(self, key: Key, only: tuple[str, ...] = ()) -> Item | None:
        self.calls.append("get")
        with self._lock:
            item = self.items.get(key)
            return deepcopy({name: item[name] for name in only if name in item} if item and only else item)

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        self.calls.append("get_many")
        with self._lock:
            return {key: deepcopy(self.items[key]) for key in keys if key in self.items}

    def put(self, write: Put) -> None:
        self._write(write)

    def update(self, write: Update) -> Item:
        with self._lock:
            self._write(write)
            return deepcopy(self.items[write.key])

    def delete(self, write: Delete) -> None:
        self._write(write)

    def transact(self, *writes: Write) -> None:
        self.calls.append("transact")
        if len({write.key for write in writes}) < len(writes):
            raise ValueError("a transaction may name an item once")
        with self._lock:
            failed = [at for at, write in enumerate(writes) if not self._holds(write)]
            if failed:
                raise ConditionFailed(failed)
            for write in writes:
                self._apply(write)

    def query(
        self,
        partition: str,
        *,
        index: str | None = None,
        first: str | None = None,
        last: str | None = None,
        prefix: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> Iterator[Item]:
        self.calls.append("query")
        pk, sk = INDEX_KEYS[index] if index else ("PK", "SK")
        held = {"PK", "SK", pk, sk, *PROJECTED}
        with self._lock:
            found = [
                item
                for item in self.items.values()
                if item.get(pk) == partition
                and sk in item
                and (first is None or item[sk] >= first)
                and (last is None or item[sk] <= last)
                and (prefix is None or item[sk].startswith(prefix))
            ]
            found.sort(key=lambda item: str(item[sk]).encode(), reverse=descending)
            page = deepcopy(
                [{name: item[name] for name in item if index is None or name in held} for item in found[:limit]]
            )
        self.read += len(page)
        yield from page

    def _write(self, write: Write) -> None:
        self.calls.append(type(write).__name__.lower())
        with self._lock:
            if not self._holds(write):
                raise ConditionFailed
            self._apply(write)

    def _holds(self, write: Write) -> bool:
        item = self.items.get(write.key, {})
        return all(_holds(condition, item) for condition in write.when)

    def _apply(self, write: Write) -> None:
        match write:
            case Put():
                item = {**write.item, "PK": write.key.pk, "SK": write.key.sk}
                self.items[write.key] = decode_item(encode_item(item))
            case Update():
                item = self.items.setdefault(write.key, {"PK": write.key.pk, "SK": write.key.sk})
                for path, value in write.set.items():
                    _parent(item, path)[_leaf(path)] = decode_item(encode_item({"value": value}))["value"]
                for path, amount in write.add.items():
                    parent = _parent(item, path)
                    parent[_leaf(path)] = parent.get(_leaf(path), 0) + amount
                for path in write.remove:
                    _parent(item, path).pop(_leaf(path), None)
            case Delete():
                self.items.pop(write.key, None)
            case Check():
                pass


def _parts(path: Path) -> tuple[str, ...]:
    return (path,) if isinstance(path, str) else path


def _leaf(path: Path) -> str:
    return _parts(path)[-1]


def _parent(item: Item, path: Path) -> Item:
    for part in _parts(path)[:-1]:
        item = item[part]
    return item


def _read(item: Item, path: Path) -> Any:
    value: Any = item
    for part in _parts(path):
        if not isinstance(value, dict) or part not in value:
            return MISSING
        value = value[part]
    return value


def _holds(condition: Condition, item: Item) -> bool:
    found = _read(item, condition.path)
    match condition:
        case Absent():
            return found is MISSING
        case Present():
            return found is not MISSING
        case Compare(_, relation, value):
            return found is not MISSING and RELATIONS[relation](found, value)
