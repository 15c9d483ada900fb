"""Arguments and options that several commands share, and the spec that they name."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from netspec.check.recipe.setting_order import wholes_first
from netspec.data.environment import DATA_VARIABLE
from netspec.diagnostics.failure import UsageError
from netspec.resources import bundled_specs

JSON = "netspec.json"
"""Key of the run's `ctx.meta`: the answer, failures included, is to be one JSON object."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]

spec_argument: Decorator[Any] = click.argument("spec", metavar="SPEC")


def json_option(function: Decorated) -> Decorated:
    """Adds `--json` and `--format json`, which mean the same; the command gets `as_json`."""
    spelled = click.option(
        "--format",
        "spelled_format",
        type=click.Choice(["text", "json"]),
        expose_value=False,
        is_eager=True,
        callback=_remember_format,
        help="What to print; `--format json` means `--json`.",
    )
    flag = click.option("--json", "as_json", is_flag=True, callback=_remember_flag, help="Print one JSON object.")
    return flag(spelled(function))


def _remember_format(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    ctx.meta[JSON] = value == "json"


def _remember_flag(ctx: click.Context, parameter: click.Parameter, value: bool) -> bool:
    ctx.meta[JSON] = value or ctx.meta.get(JSON, False)
    return ctx.meta[JSON]


def override_options(function: Decorated) -> Decorated:
    """Adds `--with` and `--set`; the command gets `with_values: dict[str, str]` and `settings: tuple[str, ...]`."""
    parameters = click.option(
        "--with",
        "with_values",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_pairs,
        help="Set a parameter of the net, as in `--with D=64`.",
    )
    settings = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="PLACE=VALUE",
        callback=_wholes_first,
        help="Override an attribute, as in `--set train.sgd.rate=0.1`.",
    )
    return parameters(settings(function))


def _wholes_first(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return wholes_first(values)


def _pairs(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in values:
        for part in text.split(","):
            name, equals, value = part.partition("=")
            if not (equals and name.strip() and value.strip()):
                raise UsageError("E606", f"`--with {text}` is not NAME=VALUE", helps=("write `--with D=64`",))
            pairs[name.strip()] = value.strip()
    return pairs


data_option: Decorator[Any] = click.option(
    "--data", metavar="NAME|PATH", help="Train on this data set instead of the spec's."
)
data_dir_option: Decorator[Any] = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help=f"Where data sets lie and downloads go; {DATA_VARIABLE} names a folder that is only read.",
)

weights_option: Decorator[Any] = click.option(
    "--weights", metavar="FILE", type=click.Path(path_type=Path), help="A file of weights (safetensors)."
)

channels_option: Decorator[Any] = click.option(
    "--channels", type=click.IntRange(1), default=32, show_default=True, help="Most channels of a layer that are shown."
)


def find_spec(name: str) -> Path:
    """The file that a SPEC argument means: an existing file first, then a bundled spec.

    Raises UsageError (E601) for a bare word that is neither; a path that does not exist is left to who reads it.
    """
    path, bundled = Path(name), bundled_specs()
    if path.is_file():
        return path
    if name.removesuffix(".net") in bundled and path.name == name:
        return bundled[name.removesuffix(".net")]
    if path.exists() or path.suffix or path.name != name:
        return path
    close = get_close_matches(name, bundled, n=3)
    helps = (f"did you mean {', '.join(f'`{c}`' for c in close)}?",) if close else ()
    raise UsageError(
        "E601",
        f"`{name}` is neither a file nor a bundled spec",
        helps=(*helps, "`netspec specs` lists the bundled ones"),
    )
