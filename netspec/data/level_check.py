"""What a first look at a folder of pictures finds out about the numbers in them: what is silent else is told."""

from __future__ import annotations

from pathlib import Path

from netspec.data.levels import Asked, Levels, UnsettledError, level_notices, repair, written
from netspec.data.picture import Picture, stays_bytes
from netspec.diagnostics.failure import DataError


class LevelCheck:
    """Of all parts of a data set whose pictures are brought to `levels`; `asked` is what its spec names of them."""

    def __init__(self, levels: Levels, asked: Asked) -> None:
        self.levels, self._asked = levels, asked
        self._low, self._high = float("inf"), float("-inf")
        self._unsettled: list[tuple[Path, UnsettledError]] = []
        self._lossy: list[Path] = []

    def add(self, path: Path, picture: Picture) -> None:
        """A picture in the units of the data set. Bytes that stay as they are need no look."""
        if picture.loses_bits:
            self._lossy.append(path)
        if stays_bytes(self.levels) and not self._asked.any:
            return
        self._low = min(self._low, float(picture.pixels.min()))
        self._high = max(self._high, float(picture.pixels.max()))

    def unsettle(self, path: Path, error: UnsettledError) -> None:
        """A picture of which nothing tells the black or the white."""
        self._unsettled.append((path, error))

    def require_settled(self) -> None:
        """Raises DataError (E558) with the range of all pictures that nothing tells the levels of."""
        if not self._unsettled:
            return
        path, first = self._unsettled[0]
        low = min(error.low for _, error in self._unsettled)
        high = max(error.high for _, error in self._unsettled)
        many = f" and {len(self._unsettled) - 1:,} more" if len(self._unsettled) > 1 else ""
        kind = "float" if first.numbers.startswith("float") else "integer"
        raise DataError(
            "E558",
            f"`{path}`{many}: the pixels are {first.numbers} from {written(low)} to {written(high)}, "
            "and nothing tells which number is white" + (" and which is black" if low < 0 else ""),
            helps=(f"name it in the `data` line, for example `{repair(low, high, kind)}`",),
        )

    def notices(self) -> tuple[str, ...]:
        """What looks odd about the pixels of all pictures."""
        lossy: tuple[str, ...] = ()
        if self._lossy:
            more = len(self._lossy) - 1
            many = f" and {more:,} more have" if more else " has"
            lossy = (f"`{self._lossy[0]}`{many} 16 bits a colour, of which 8 are read",)
        if self._high < self._low:
            return lossy
        return (*lossy, *level_notices(self.levels, self._asked, self._low, self._high))
