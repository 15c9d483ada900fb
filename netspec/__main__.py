"""`netspec …` and `python -m netspec …`."""

from __future__ import annotations

import sys
from typing import NoReturn

from netspec.cli.main import program


def main() -> NoReturn:
    """Runs the command that the arguments name and exits with its status (DESIGN section 4)."""
    sys.exit(program.main(prog_name="netspec"))


if __name__ == "__main__":
    main()
