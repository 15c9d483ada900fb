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
        gc.enable()
