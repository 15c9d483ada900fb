"""A rest for Python's collector of cycles while trees and graphs are made.

They are frozen and hold no cycle, so it can free nothing of them; but it looks through all that exist, again and again
as they grow, which took as long as the work itself for nets of thousands of layers.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def resting_collector() -> Generator[None]:
    """The collector does not run inside, and is as it was behind. Serves as a decorator too."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        _take_as_old()
        gc.enable()


def _take_as_old() -> None:
    """Puts all that exists among what has been looked through, or the first thing made behind would be taken for the
    moment to look through all that was made inside. What is frozen already, by the caller or by Python 3.12 as it
    starts, would thaw: then nothing is done."""
    if gc.get_freeze_count() == 0:
        gc.freeze()
        gc.unfreeze()
