"""A column of a table that grows for hours and is needed as a whole only in the end: what lies back is compressed.

Sizes and times of neighbouring samples differ little: of four bytes a number one remains, or none.
"""

from array import array

from isal import isal_zlib

PACKED_TOGETHER = 4096
"""Numbers; with fewer at a time compression finds less."""


class Column:
    """Numbers of 32 bits without a sign; `append` and `extend` raise OverflowError for any other.

    `extend_bytes` takes them as the processor has them in memory.
    """

    __slots__ = ("_packed", "_packed_numbers", "_recent", "append", "extend", "extend_bytes")

    def __init__(self) -> None:
        self._recent = array("I")
        self._packed: list[bytes] = []
        self._packed_numbers = 0
        self.append, self.extend, self.extend_bytes = self._recent.append, self._recent.extend, self._recent.frombytes

    def __len__(self) -> int:
        return self._packed_numbers + len(self._recent)

    def since(self, first: int) -> "array[int]":
        """The numbers from index `first` on, which must not be packed yet."""
        return self._recent[first - self._packed_numbers :]

    def pack(self) -> None:
        """Compress what has come, if that is enough."""
        recent = self._recent
        if len(recent) >= PACKED_TOGETHER:
            self._packed.append(isal_zlib.compress(recent.tobytes(), 1))
            self._packed_numbers += len(recent)
            del recent[:]

    def whole(self) -> "array[int]":
        """All of it."""
        found = array("I")
        for packed in self._packed:
            found.frombytes(isal_zlib.decompress(packed))
        return found + self._recent
