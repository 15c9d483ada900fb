"""The checker: from the syntax tree to the checked graph and recipe. After it, nothing is the user's fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from netspec.check.modules import Loader
from netspec.check.net.fitting import fit
from netspec.check.net.network import check_net, settable_input
from netspec.check.net.trial import try_uncalled
from netspec.check.net.unused import warn_unused
from netspec.check.recipe.dataset import check_data
from netspec.check.recipe.settings import apply_settings
from netspec.check.recipe.training import check_augment, check_train
from netspec.check.scope import Scope
from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source
from netspec.ir.graph import Graph
from netspec.ir.recipe import Experiment, Library, TrainOptions
from netspec.syntax.tree import Network

Reader = Callable[[str, Source], Source]


def elaborate(
    network: Network,
    report: Report,
    *,
    read: Reader,
    parameters: Mapping[str, str],
    settings: Sequence[str],
    traced: bool = False,
) -> Experiment | Library:
    """Checks a file and everything it uses; a file without a net is a library.

    `read` finds the file of a `use "path"`, given the path as written and the source it stands in. `parameters` are
    texts for the net's parameters (`{"D": "64"}`), `settings` texts such as `train.sgd.rate=0.1`. With `traced`, every
    number that depends on a parameter of the net carries its closed form.

    Never raises for a user's mistake: every mistake goes into `report`, and the result is partial when it failed.
    """
    network = apply_settings(network, settings, report)
    file = Loader(report, read).load(network)
    built = check_net(file, parameters, report, traced=traced)
    try_uncalled(file, built.called, report)
    scope = Scope(report, file.module, {})
    statements = file.statements
    training = check_train(statements["train"], scope) if "train" in statements else None
    data = check_data(statements["data"], network.source, scope) if "data" in statements else None
    augment = check_augment(statements["augment"], scope) if "augment" in statements else ()
    if not report.failed:
        warn_unused(network, file, report)
    if "net" not in statements:
        return Library(tuple(file.blocks), tuple(file.lets))
    if built.graph is None:
        return Experiment(NOTHING, data, augment, TrainOptions())
    settable = settable_input(statements["net"])
    train = fit(built.graph, training, data, augment, report, settable)
    return Experiment(built.graph, data, augment, train)


NOTHING = Graph("", (), (), (), (), (), ())
"""Stands for the graph of a net with mistakes, which are in the report."""
