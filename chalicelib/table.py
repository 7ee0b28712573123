"""The one DynamoDB table behind a small interface of values: items, conditions, writes, pages.

`DynamoTable` speaks to DynamoDB through any client with botocore's calling form; `tests/fakes/table.py` is its double,
and one contract suite holds both. Conditions are values, so that a caller names what it relies on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from chalicelib.attribute_values import Item, decode_item, encode, encode_item, encode_key
from chalicelib.conflicts import cancellation_reasons, error_code, unless_in_conflict
from chalicelib.keys import INDEX_KEYS, Key

Path: TypeAlias = str | tuple[str, ...]
"""An attribute, or the way into nested maps: ("orders", "task-7", "ends_at")."""


@dataclass(frozen=True)
class Absent:
    """The attribute does not exist; `Absent("PK")` is true of an item that does not exist."""

    path: Path


@dataclass(frozen=True)
class Present:
    """The attribute exists."""

    path: Path


@dataclass(frozen=True)
class Compare:
    """The attribute exists and stands in the relation (`=`, `<>`, `<`, `<=`, `>`, `>=`) to the value."""

    path: Path
    relation: str
    value: Any


Condition: TypeAlias = Absent | Present | Compare
no_such_item = Absent("PK")
item_exists = Present("PK")


@dataclass(frozen=True, kw_only=True)
class Put:
    """Write a whole item."""

    key: Key
    item: Item
    when: Sequence[Condition] = ()


@dataclass(frozen=True, kw_only=True)
class Update:
    """Change attributes: `set` them, `add` to numbers (absent counts as 0), `remove` them. Creates a missing item."""

    key: Key
    set: Mapping[Path, Any] = field(default_factory=dict)
    add: Mapping[Path, int | float] = field(default_factory=dict)
    remove: Sequence[Path] = ()
    when: Sequence[Condition] = ()


@dataclass(frozen=True, kw_only=True)
class Delete:
    """Remove an item; removing what is not there succeeds unless `when` says otherwise."""

    key: Key
    when: Sequence[Condition] = ()


@dataclass(frozen=True, kw_only=True)
class Check:
    """A condition on an item that a transaction does not write."""

    key: Key
    when: Sequence[Condition]


Write: TypeAlias = Put | Update | Delete | Check


class ConditionFailed(Exception):
    """A condition did not hold, and nothing was written; `failed` holds the positions of the writes that refused."""

    def __init__(self, failed: Sequence[int] = (0,)) -> None:
        self.failed = tuple(failed)
        super().__init__(f"condition of write {', '.join(map(str, self.failed))} did not hold")


class Table(Protocol):
    """What the rest of the code knows of the table. Reads of items are consistent, those of an index are not."""

    def get(self, key: Key, only: tuple[str, ...] = ()) -> Item | None: ...

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]: ...

    def put(self, write: Put) -> None: ...

    def update(self, write: Update) -> Item: ...

    def delete(self, write: Delete) -> None: ...

    def transact(self, *writes: Write) -> None: ...

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
    ) -> Iterator[Item]: ...


class DynamoTable:
    """The table in DynamoDB; `client` is a function, so that no client is built before it is used."""

    BATCH = 100  # keys of one BatchGetItem

    def __init__(self, name: str, client: Callable[[], Any]) -> None:
        self.name = name
        self._client = client

    def get(self, key: Key, only: tuple[str, ...] = ()) -> Item | None:
        """The item, or None; `only` these of its attributes, where it has them. A consistent read."""
        answer = self._client().get_item(**_reading(self.name, key, only))
        return decode_item(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Those of the items that exist, by key; consistent reads, 100 a request."""
        wanted = [encode_key(key) for key in dict.fromkeys(keys)]
        found: dict[Key, Item] = {}
        while wanted:
            request = {self.name: {"Keys": wanted[: self.BATCH], "ConsistentRead": True}}
            answer = self._client().batch_get_item(RequestItems=request)
            for typed in answer["Responses"].get(self.name, []):
                item = decode_item(typed)
                found[Key(item["PK"], item["SK"])] = item
            refused = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            wanted = wanted[self.BATCH :] + refused
        return found

    def put(self, write: Put) -> None:
        """Write an item; raises ConditionFailed."""
        self._conditioned("put_item", self._request(write))

    def update(self, write: Update) -> Item:
        """Change an item and return it whole, as it is after; raises ConditionFailed."""
        answer = self._conditioned("update_item", {**self._request(write), "ReturnValues": "ALL_NEW"})
        return decode_item(answer["Attributes"])

    def delete(self, write: Delete) -> None:
        """Remove an item; raises ConditionFailed."""
        self._conditioned("delete_item", self._request(write))

    def transact(self, *writes: Write) -> None:
        """All writes or none; raises ConditionFailed with the positions that refused."""
        kinds = {Put: "Put", Update: "Update", Delete: "Delete", Check: "ConditionCheck"}
        items = [{kinds[type(write)]: self._request(write)} for write in writes]
        try:
            unless_in_conflict(lambda: self._client().transact_write_items(TransactItems=items))
        except Exception as error:
            reasons = cancellation_reasons(error)
            failed = [position for position, reason in enumerate(reasons) if reason == "ConditionalCheckFailed"]
            if not failed:
                raise
            raise ConditionFailed(failed) from None

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
        """Items of a partition in the order of the sort key: from `first` to `last` (both included), or with a prefix.

        Pages are fetched as they are consumed; `limit` bounds the items read.
        """
        if first is not None and last is not None and first.encode() > last.encode():
            return  # DynamoDB refuses to look between bounds in the wrong order
        pk, sk = INDEX_KEYS[index] if index else ("PK", "SK")
        names, values, clause = {"#p": pk}, {":p": encode(partition)}, "#p = :p"
        bounds = {":f": first, ":l": last, ":x": prefix}
        values |= {name: encode(bound) for name, bound in bounds.items() if bound is not None}
        if prefix is not None:
            clause += " AND begins_with(#s, :x)"
        elif first is not None and last is not None:
            clause += " AND #s BETWEEN :f AND :l"
        elif first is not None:
            clause += " AND #s >= :f"
        elif last is not None:
            clause += " AND #s <= :l"
        if len(values) > 1:
            names["#s"] = sk
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": clause,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not descending,
            "ConsistentRead": index is None,
        }
        if index:
            request["IndexName"] = index
        left = limit
        while left is None or left > 0:
            if left is not None:
                request["Limit"] = left
            answer = self._client().query(**request)
            yield from map(decode_item, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            if left is not None:
                left -= len(answer["Items"])

    def _request(self, write: Write) -> dict[str, Any]:
        expression = _Expression()
        request: dict[str, Any] = {"TableName": self.name}
        if isinstance(write, Put):
            request["Item"] = encode_item({**write.item, "PK": write.key.pk, "SK": write.key.sk})
        else:
            request["Key"] = encode_key(write.key)
        if isinstance(write, Update):
            request["UpdateExpression"] = expression.update(write)
        if write.when:
            request["ConditionExpression"] = expression.conditions(write.when)
        return request | expression.attributes()

    def _conditioned(self, operation: str, request: dict[str, Any]) -> Any:
        try:
            return unless_in_conflict(lambda: getattr(self._client(), operation)(**request))
        except Exception as error:
            if error_code(error) == "ConditionalCheckFailedException":
                raise ConditionFailed from None
            raise


@lru_cache(maxsize=1)
def _reading(table: str, key: Key, only: tuple[str, ...]) -> dict[str, Any]:
    """The request for an item; the last one is kept, for a recorder asks for the same each second."""
    names = {f"#n{number}": name for number, name in enumerate(only)}
    asked = {"ProjectionExpression": ",".join(names), "ExpressionAttributeNames": names} if only else {}
    return {"TableName": table, "Key": encode_key(key), "ConsistentRead": True, **asked}


class _Expression:
    """Names and values of one request, numbered as they are met."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def name(self, path: Path) -> str:
        parts = (path,) if isinstance(path, str) else path
        return ".".join(self.names.setdefault(part, f"#n{len(self.names)}") for part in parts)

    def value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = encode(value)
        return placeholder

    def conditions(self, conditions: Iterable[Condition]) -> str:
        return " AND ".join(map(self.condition, conditions))

    def condition(self, condition: Condition) -> str:
        match condition:
            case Absent(path):
                return f"attribute_not_exists({self.name(path)})"
            case Present(path):
                return f"attribute_exists({self.name(path)})"
            case Compare(path, relation, value):
                return f"{self.name(path)} {relation} {self.value(value)}"

    def update(self, write: Update) -> str:
        clauses = {
            "SET": [f"{self.name(path)} = {self.value(value)}" for path, value in write.set.items()],
            "ADD": [f"{self.name(path)} {self.value(value)}" for path, value in write.add.items()],
            "REMOVE": [self.name(path) for path in write.remove],
        }
        return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)

    def attributes(self) -> dict[str, Any]:
        names = {placeholder: name for name, placeholder in self.names.items()}
        found = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": self.values}
        return {name: each for name, each in found.items() if each}
