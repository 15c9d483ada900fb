"""A process that is killed while it writes a file: `python -m tests.train.dying CHECKPOINT MOMENT train …`."""

import os
import signal
import sys
from types import FrameType
from typing import Any

from netspec.train.run import checkpoint, files


def die(number: int, moment: int) -> None:
    """Has this process killed as it writes its checkpoint of this number, from one: before the line of `files.py` that
    it then comes to after so many others."""
    begun = passed = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal begun, passed
        begun += event == "call" and frame.f_code is checkpoint.write_checkpoint.__code__
        if frame.f_code.co_filename != files.__file__:
            return None
        if event == "line" and begun >= number:
            if passed == moment:
                tear(frame)
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1
        return trace

    sys.settrace(trace)


def tear(frame: FrameType) -> None:
    """Leaves half of a file that is being written, as a kill or a power cut may."""
    file = frame.f_locals.get("file")
    if file is not None and not file.closed:
        os.truncate(file.name, os.path.getsize(file.name) // 2)


if __name__ == "__main__":
    from netspec.__main__ import main

    die(int(sys.argv.pop(1)), int(sys.argv.pop(1)))
    main()
