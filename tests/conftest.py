"""Golden files: a printed form is compared with a file, and `--update-golden` writes the file anew."""

import gc
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import profiles as profiles  # loads the Hypothesis profile

Golden = Callable[[str | Path, str], None]


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts jobs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew instead of comparing")


def pytest_collection_finish() -> None:
    """What collection leaves is no garbage: 700,000 objects, through which each collector's run looked for 0.4 s."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden("lenet.txt", text)` compares with `golden/lenet.txt` beside the test file (or with any full path)."""

    def compare(name: str | Path, text: str) -> None:
        path = request.path.parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing: run pytest with --update-golden and read what it wrote"
        assert text == path.read_text(encoding="utf-8")

    return compare
