"""The command group: a command's module is imported when it is asked for, and every ending gets its exit status."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

import click

from netspec.cli.options import JSON
from netspec.cli.show import printing
from netspec.cli.stopping import Terminated
from netspec.diagnostics.failure import NetspecError

COMMANDS: dict[str, dict[str, str]] = {
    "Understand a spec": {
        "check": "Tell every mistake of one or more specs.",
        "count": "Count parameters, multiply-adds and memory, layer by layer.",
        "explain": "Write a layer's numbers out as sums, or explain an error code.",
        "compile": "Print what a spec becomes on its way to machine code.",
        "scales": "Show activations and gradients at several initial scales, before any training.",
    },
    "Train it": {
        "train": "Train a spec's network and write a run folder.",
        "evaluate": "Measure loss and accuracy of a trained network.",
        "predict": "Classify image files with a trained network.",
        "runs": "List runs and what became of them.",
        "inside": "Show what excites a net's units, and what a prediction comes from.",
        "filters": "Draw what a layer looks for, and what it sees in an image.",
        "plot": "Draw the learning curves of several runs into one picture.",
        "data": "List, fetch and show data sets.",
    },
    "Trust it": {
        "gradcheck": "Compare every gradient with finite differences.",
        "reproduce": "Train a run once more from its folder, and compare every bit.",
        "bench": "Measure steps and predictions, beside others if asked.",
        "tune": "Measure this machine and write a table of costs to plan by.",
        "cache": "Tell where compiled kernels are kept, or clear them.",
        "doctor": "Tell what netspec found on this machine.",
    },
    "Write one": {
        "new": "Start a spec of your own from a bundled one.",
        "specs": "List the bundled specs.",
        "layers": "List what a spec may say, with arguments and defaults.",
    },
}
"""Every command by section, with its summary; `netspec.cli.commands.<name>` holds it as `command`."""

WORDS = "netspec.words"
"""Key of the run's `ctx.meta`: the command line behind `netspec`."""

NAMES: tuple[str, ...] = tuple(name for section in COMMANDS.values() for name in section)


class Program(click.Group):
    """`netspec`: loads one command a run, and turns exceptions into messages and exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NAMES:
            return None
        return import_module(f"netspec.cli.commands.{cmd_name}").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in NAMES and not args[0].startswith("-"):
            close = get_close_matches(args[0], NAMES, n=1)
            hint = f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(NAMES)}"
            raise click.UsageError(f"no command `{args[0]}`{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in COMMANDS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        return _status(lambda: super(Program, self).invoke(ctx), lambda: _wants_json(ctx))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Parses, runs and exits; the arguments are click's. Usage errors and `--help` end here too."""
        printing.prepare_streams()
        warnings.showwarning = printing.show_warning
        signal.signal(signal.SIGTERM, _terminate)
        parse_and_run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        sys.exit(printing.close_streams(_status(parse_and_run, lambda: False)))


def _wants_json(ctx: click.Context) -> bool:
    """Told by the command's options, or by the words where its module could not even be imported."""
    return bool(ctx.meta.get(JSON, "--json" in ctx.meta[WORDS]))


def _terminate(signal_number: int, frame: object) -> None:
    raise Terminated


def _status(action: Callable[[], int | None], as_json: Callable[[], bool]) -> int:
    """Runs an action and tells its exit status; says on standard error what went wrong, if something did."""
    try:
        return action() or 0
    except NetspecError as error:
        return printing.report_failure(error, as_json=as_json())
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        return printing.report_usage(error)
    except (KeyboardInterrupt, click.Abort) as stop:
        return printing.report_stop(143 if isinstance(stop, Terminated) else 130)
    except BrokenPipeError:
        return printing.silence_streams()
    except MemoryError:
        return printing.report_memory()
    except OSError as error:
        return printing.report_system(error)
    except Exception as error:
        return import_module("netspec.cli.show.bug").report_bug(error)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="netspec", message="netspec %(version)s")
def program() -> None:
    """Declare, understand and train convolutional networks.

    SPEC is the path of a .net file or the bare name of a bundled one, as in `netspec train digits`.
    """
