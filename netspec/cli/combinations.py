"""Which options of a command go together: each kind of work that it does takes some of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import click
from click.core import ParameterSource

from netspec.diagnostics.failure import UsageError

USUAL = ""
"""The kind of work that is done where no option chooses one."""


def refuse_what_is_ignored(ctx: click.Context, takes: Mapping[str, tuple[str, ...]]) -> None:
    """Raises UsageError (E610) for the first argument or option of the command line that would change nothing.

    `takes` has an entry for each option that chooses a kind of work, the foremost first, and one for `USUAL`: the names
    of the parameters that this kind takes. `--json` fits everywhere, and so does what is the default anyway.
    """
    given = _all_given(ctx)
    kind = next((name for name in takes if name in given), USUAL)
    for name in given:
        if name not in (kind, *takes[kind], "as_json"):
            raise UsageError("E610", _message(ctx, name, kind, takes))


def refuse_all_but(ctx: click.Context, names: Collection[str], choice: str) -> None:
    """The same where `choice`, as it is spelled on the command line, takes only `names` of the parameters."""
    for name in _all_given(ctx):
        if name not in (*names, "as_json"):
            raise UsageError("E610", f"{_all_spelled(ctx)[name]} does not go with `{choice}`")


def refuse_beside(ctx: click.Context, chosen: str, names: Collection[str]) -> None:
    """Raises UsageError (E610) for the first of `names` that is given beside the parameter `chosen`, which may come
    from an environment variable."""
    for name in _all_given(ctx):
        if name in names:
            raise UsageError("E610", f"{_all_spelled(ctx)[name]} does not go with `{_with_value(ctx, chosen)}`")


def _with_value(ctx: click.Context, name: str) -> str:
    """`--device cuda`, or `NETSPEC_DEVICE=cuda` where that decided."""
    parameter = next(parameter for parameter in ctx.command.params if parameter.name == name)
    if ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
        return f"{parameter.envvar}={ctx.params[name]}"
    return f"{_spelled(parameter)} {ctx.params[name]}"


def _all_given(ctx: click.Context) -> list[str]:
    return [str(parameter.name) for parameter in ctx.command.params if _given(ctx, parameter)]


def _given(ctx: click.Context, parameter: click.Parameter) -> bool:
    """Whether the command line names another value than the default."""
    name = str(parameter.name)
    named = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    return named and name in ctx.params and ctx.params[name] != parameter.get_default(ctx)


def _message(ctx: click.Context, name: str, kind: str, takes: Mapping[str, tuple[str, ...]]) -> str:
    spelled = _all_spelled(ctx)
    if kind:
        return f"{spelled[name]} does not go with {spelled[kind]}"
    return f"{spelled[name]} needs {' or '.join(spelled[other] for other, names in takes.items() if name in names)}"


def _all_spelled(ctx: click.Context) -> dict[str, str]:
    return {str(parameter.name): f"`{_spelled(parameter)}`" for parameter in ctx.command.params}


def _spelled(parameter: click.Parameter) -> str:
    return parameter.opts[0] if isinstance(parameter, click.Option) else str(parameter.name).upper()
