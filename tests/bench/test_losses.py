"""Losses of the first steps are PyTorch's from the same weights, images and recipe; float64 says how far both drift."""

from importlib.util import find_spec

import pytest

from netspec.bench.losses import ALLOWED_BEYOND, ALLOWED_TIMES, EXACT, Losses, compare_losses
from netspec.bench.sides import Job
from netspec.diagnostics.failure import UsageError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from tests.cli.harness import run_json

JOB = Job("n", "n.net", "", (), (), 64, 1, None)
TORCH_DRIFT = 0.01


def drifting(distance: float) -> Losses:
    exact = (1.0, 0.5)
    return Losses(JOB, {"netspec": (1.0, 0.5 + distance), "PyTorch": (1.0 - TORCH_DRIFT, 0.5), EXACT: exact})


def test_a_drift_like_pytorchs_agrees_and_a_larger_one_does_not() -> None:
    most = ALLOWED_TIMES * TORCH_DRIFT + ALLOWED_BEYOND
    assert drifting(0.99 * most).agree
    assert not drifting(1.01 * most).agree
    assert not drifting(-1.01 * most).agree


def test_nan_agrees_with_nothing() -> None:
    assert not drifting(float("nan")).agree


def test_dropout_cannot_be_compared() -> None:
    text = "net n { input 1x8x8; dropout 0.5; dense 10 }\ndata digits\ntrain { sgd rate=0.1; batch 4; epochs 1 }"
    graph = check_experiment(Source("n.net", text)).graph
    with pytest.raises(UsageError) as refused:
        compare_losses(JOB, graph, 1, lambda _run, _steps: None)
    assert refused.value.code == "E623"


TORCH = pytest.mark.skipif(not find_spec("torch"), reason="PyTorch (extra `bench`) is not installed")


@TORCH
@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet", "convnetjs_cifar10"])
def test_first_losses_are_pytorchs_but_for_the_drift_of_float32(name: str) -> None:
    losses: dict[str, list[float]] = run_json("bench", name, "--losses", 20, "--batch", 32)["losses"]
    assert abs(losses[EXACT][-1] - losses[EXACT][0]) > 1e-3  # something was learnt
    assert losses["netspec"] == pytest.approx(losses["PyTorch, contiguous"], rel=1e-3)


@TORCH
@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "steps", "more"),
    [
        ("lenet", 200, ()),
        ("convnetjs_cifar10", 200, ()),
        ("resnet18_cifar", 20, ("--batch", 16, "--set", "train.sgd.rate=0.01")),
    ],
)
def test_losses_drift_from_float64_no_further_than_reordered_sums_explain(
    name: str, steps: int, more: tuple[object, ...]
) -> None:
    told = run_json("bench", name, "--losses", steps, *more)
    losses: dict[str, list[float]] = told["losses"]
    assert told["agree"]
    assert [len(each) for each in losses.values()] == [steps] * 4
    assert losses["netspec"][:2] == pytest.approx(losses[EXACT][:2], rel=1e-4)  # nothing has drifted yet
    assert losses[EXACT][-1] < losses[EXACT][0] / 2
