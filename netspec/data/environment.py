"""What the environment says of data: the one thing that the library reads there, as the command line does."""

from __future__ import annotations

import os
from pathlib import Path

DATA_VARIABLE = "NETSPEC_DATA"
"""Names a folder of data sets that is only read."""


def readable_data_folder() -> Path | None:
    """The folder that NETSPEC_DATA names, if any. Nothing is ever written there."""
    named = os.environ.get(DATA_VARIABLE)
    return Path(named) if named else None
