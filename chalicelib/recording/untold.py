"""Reports that are not in the bucket yet stand in their session's item: whoever comes after tells them. Pure.

They are written with the outcomes they belong to, in one update, and leave the item by a later one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.attribute_values import Item

UNTOLD = "untold"
"""The attribute: `{"reports": [{"key", "content"}], "beyond"}`, oldest report first."""


@dataclass(frozen=True)
class UntoldReport:
    """The object that a report is to become."""

    key: str
    content: bytes

    @property
    def size_bytes(self) -> int:
        """What it takes of the item."""
        return len(self.key) + len(self.content)


def as_attribute(reports: Iterable[UntoldReport], *, beyond: int) -> Mapping[str, Any]:
    """The attribute's value; `beyond` more reports found no room in it."""
    listed = [{"key": each.key, "content": each.content.decode()} for each in reports]
    return {"reports": listed, "beyond": beyond}


def untold_of(session: Item) -> tuple[list[UntoldReport], int]:
    """The reports in a session's item, and how many more found no room there."""
    attribute = session.get(UNTOLD, {"reports": [], "beyond": 0})
    reports = [UntoldReport(each["key"], each["content"].encode()) for each in attribute["reports"]]
    return reports, int(attribute["beyond"])
