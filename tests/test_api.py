"""netspec from Python: loaded for nothing, checked, counted, trained, asked."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from inspect import signature
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import netspec
from netspec import NetspecError, Network
from netspec.diagnostics.failure import DataError, DivergedError, SpecError, UsageError
from netspec.targets.cpu.cost_table import tuning_text
from netspec.targets.cpu.costs import SHIPPED
from netspec.targets.cpu.processor import CpuTarget
from netspec.targets.cuda.processor import SM_80, CudaTarget
from netspec.train.events import EpochDone, Event, Started, Warned
from netspec.train.run.weights import write_weights
from tests.data.samples import write_greys

POINTS = """net points { input 2; dense 16 relu; dense 2 }
data circles validate=0.25 count=400
train { sgd rate=0.1 momentum=0.9; batch 16; epochs 4 }
"""
SMALL = """net small { input 1x8x8; conv 4 3x3 relu; pool max 2x2; dense 10 }
data digits validate=0.2 take=300
train { sgd rate=0.05 momentum=0.9; batch 32; epochs 3 }
"""


def test_importing_netspec_loads_nothing() -> None:
    code = "import sys; before = set(sys.modules); import netspec; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.strip("' ") for name in done.stdout.strip().strip("[]").split(",")}
    assert not {name.split(".")[0] for name in loaded} & {"numpy", "numba", "lark", "click", "rich"}
    assert "netspec.api" not in loaded


def test_every_public_name_is_there_and_no_other() -> None:
    assert all(getattr(netspec, name) is not None for name in netspec.__all__)
    assert set(netspec.__all__) <= set(dir(netspec))
    with pytest.raises(AttributeError):
        _ = netspec.no_such_name


def test_the_version_is_the_installed_ones() -> None:
    assert netspec.__version__.count(".") >= 2


def test_a_network_is_loaded_from_a_text_a_path_or_a_bundled_name(tmp_path: Path) -> None:
    (tmp_path / "mine.net").write_text(SMALL)
    by_text, by_path, bundled = (netspec.load(spec) for spec in (SMALL, tmp_path / "mine.net", "lenet"))
    assert by_text.count() == by_path.count()
    assert bundled.count().parameters == 431_080


def test_a_file_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        netspec.load("no/such/file.net")


def test_parameters_and_settings_are_given_from_outside() -> None:
    assert netspec.load("lecture").count().parameters == 573
    assert netspec.load("lecture", with_={"D": 28}).count().parameters == 552
    assert netspec.load(SMALL, set_=["train.epochs=7"]).experiment.train.epochs == 7
    given = netspec.load(SMALL, data="shapes").experiment.data
    assert given is not None
    assert given.source == "shapes"


def test_settings_given_together_drop_none_of_each_other() -> None:
    network = netspec.load(SMALL, set_=["train.schedule.every=3", "data.take=50", "train.schedule=step"], data="shapes")
    assert network.experiment.train.schedule.every == 3
    assert network.experiment.data is not None
    assert network.experiment.data.take == 50


def test_check_warns_of_a_precision_that_this_machine_lacks() -> None:
    assert [found.code for found in netspec.load(SMALL, set_=["train.precision=bf16"]).check()] == ["W211"]


def test_a_path_of_any_letters_can_be_given_for_the_data(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b'od"d \xfc\n')
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for k in range(4):
            Image.new("L", (8, 8), 30 * k).save(folder / name / f"{k}.png")
    text = f"net n {{ input 1x8x8; dense 2 }}  # {folder.name.strip()}\ntrain {{ epochs 1 }}\n"
    network = netspec.load(text, data=str(folder))
    network.train(run=tmp_path / "run")
    again = netspec.load(tmp_path / "run").experiment.data
    assert again is not None
    assert again.source == str(folder)


def test_check_tells_every_mistake_and_everything_else_raises_them() -> None:
    broken = netspec.load("net n { input 1x8x8; konv 3 3x3; dense ten }\n")
    found = broken.check()
    assert len(found) == 2
    with pytest.raises(SpecError) as caught:
        broken.count()
    assert caught.value.diagnostics == found
    assert netspec.load(SMALL).check() == ()


def test_a_file_without_a_net_can_be_checked_but_not_counted() -> None:
    library = netspec.load("block b { relu }\n")
    assert library.check() == ()
    with pytest.raises(SpecError) as caught:
        library.count()
    assert caught.value.code == "E607"


def test_compiling_gives_the_program_of_a_step() -> None:
    program = netspec.load(SMALL).compile(batch=24)
    assert program.batch == 24
    assert program.arena_bytes > 0


def test_a_trained_network_can_be_evaluated_and_asked(tmp_path: Path) -> None:
    network, events = netspec.load(SMALL), list[Event]()
    result = network.train(run=tmp_path / "run", watch=events.append)
    assert isinstance(events[0], Started)
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [1, 2, 3]
    assert result.validation is not None
    assert result.test is None
    found = network.evaluate()
    assert (found.part, found.scores) == ("validation", result.validation)
    probabilities = network.predict(np.zeros((3, 1, 8, 8)))
    assert probabilities.shape == (3, 10)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert network.class_names == tuple("0123456789")

    again = netspec.load(tmp_path / "run")
    assert again.evaluate() == found
    assert np.array_equal(again.predict(np.ones((8, 8))), network.predict(np.ones((1, 8, 8))))


def test_saved_weights_are_taken_up_again(tmp_path: Path) -> None:
    network = netspec.load(POINTS)
    network.train()
    network.save_weights(tmp_path / "w.safetensors")
    other = netspec.load(POINTS)
    other.load_weights(tmp_path / "w.safetensors")
    assert other.weights.keys() == network.weights.keys()
    assert all(np.array_equal(other.weights[name], array) for name, array in network.weights.items())
    assert other.evaluate() == network.evaluate()
    with pytest.raises(DataError):
        netspec.load(SMALL).load_weights(tmp_path / "w.safetensors")


def test_without_weights_there_is_nothing_to_ask() -> None:
    network = netspec.load(SMALL)
    for ask in (network.evaluate, lambda: network.predict(np.zeros((1, 8, 8))), lambda: network.weights):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "E464"


def test_a_training_that_diverges_says_at_which_step() -> None:
    with pytest.raises(DivergedError, match="step") as caught:
        netspec.load(SMALL, set_=["train.sgd.rate=1e20"]).train()
    assert caught.value.exit_status == 4


class StoppedError(Exception):
    """What a watcher raises to break a training off."""


def stop_in(epoch: int) -> Callable[[Event], None]:
    def watch(event: Event) -> None:
        if isinstance(event, EpochDone) and event.epoch == epoch:
            raise StoppedError

    return watch


def checkpoints(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "checkpoints").glob("*.safetensors"))


def test_the_same_call_begins_a_run_and_goes_on_with_it_to_the_same_bits(tmp_path: Path) -> None:
    network = netspec.load(SMALL)
    whole = network.train(run=tmp_path / "whole")
    with pytest.raises(StoppedError):
        netspec.load(SMALL).train(run=tmp_path / "cut", resume=True, watch=stop_in(2))
    again, events = netspec.load(SMALL), list[Event]()
    end = again.train(run=tmp_path / "cut", resume=True, watch=events.append)
    assert isinstance(events[0], Started)
    assert events[0].epochs_before == 2
    assert (end.validation, end.epochs) == (whole.validation, 3)
    assert all(np.array_equal(again.weights[name], array) for name, array in network.weights.items())
    finished = netspec.load(tmp_path / "cut").train(run=tmp_path / "cut", resume=True)
    assert (finished.validation, finished.training) == (end.validation, end.training)


def test_a_changed_network_cannot_go_on_unless_forced(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        netspec.load(SMALL).train(run=tmp_path, resume=True, watch=stop_in(1))
    faster = netspec.load(SMALL, set_=["train.sgd.rate=0.1"])
    with pytest.raises(UsageError) as caught:
        faster.train(run=tmp_path, resume=True)
    assert caught.value.code == "E468"
    assert "`train.sgd.rate` was 0.05 and is 0.1" in caught.value.notes
    assert faster.train(run=tmp_path, resume=True, force=True).epochs == 3


@pytest.mark.parametrize("until", [None, 2])
def test_the_same_call_with_more_epochs_trains_for_longer_to_the_same_bits(tmp_path: Path, until: int | None) -> None:
    whole = netspec.load(SMALL, set_=["train.epochs=5"])
    end = whole.train(run=tmp_path / "whole")
    if until is None:
        netspec.load(SMALL).train(run=tmp_path / "cut", resume=True)
    else:
        with pytest.raises(StoppedError):
            netspec.load(SMALL).train(run=tmp_path / "cut", resume=True, watch=stop_in(until))
    longer = netspec.load(SMALL, set_=["train.epochs=5"])
    assert longer.train(run=tmp_path / "cut", resume=True).validation == end.validation
    assert all(np.array_equal(longer.weights[name], array) for name, array in whole.weights.items())
    assert netspec.load(tmp_path / "cut").experiment.train.epochs == 5


def test_more_epochs_of_a_schedule_over_all_of_them_are_refused(tmp_path: Path) -> None:
    cosine = ["train.schedule=cosine"]
    netspec.load(SMALL, set_=cosine).train(run=tmp_path, resume=True)
    longer = netspec.load(SMALL, set_=[*cosine, "train.epochs=5"])
    with pytest.raises(UsageError) as caught:
        longer.train(run=tmp_path, resume=True)
    assert caught.value.code == "E476"
    assert longer.train(run=tmp_path, resume=True, force=True).epochs == 5


def test_a_run_does_not_go_on_in_other_minibatches(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        netspec.load(SMALL).train(run=tmp_path, resume=True, watch=stop_in(2))
    for force, code in ((False, "E468"), (True, "E477")):
        with pytest.raises(UsageError) as caught:
            netspec.load(SMALL, set_=["train.batch=7"]).train(run=tmp_path, resume=True, force=force)
        assert caught.value.code == code


def test_a_run_goes_on_by_the_table_that_it_keeps(tmp_path: Path) -> None:
    tables = [tmp_path / "one.json", tmp_path / "other.json"]
    for ratio, table in enumerate(tables, 2):
        table.write_text(tuning_text(replace(SHIPPED, clearly=float(ratio)), {}))
    with pytest.raises(StoppedError):
        netspec.load(SMALL).train(run=tmp_path / "run", tuning=tables[0], watch=stop_in(1))
    with pytest.raises(UsageError) as caught:
        netspec.load(SMALL).train(run=tmp_path / "run", tuning=tables[1], resume=True)
    assert caught.value.code == "E468"
    assert netspec.load(SMALL).train(run=tmp_path / "run", resume=True).epochs == 3


def test_without_resume_a_run_is_replaced_only_when_forced(tmp_path: Path) -> None:
    network = netspec.load(POINTS)
    network.train(run=tmp_path)
    with pytest.raises(UsageError) as caught:
        network.train(run=tmp_path)
    assert caught.value.code == "E461"
    assert network.train(run=tmp_path, force=True).epochs == 4


def test_checkpoints_are_written_as_often_and_kept_as_many_as_asked_for(tmp_path: Path) -> None:
    netspec.load(POINTS).train(run=tmp_path / "steps", checkpoint_every=20, keep=3)
    assert checkpoints(tmp_path / "steps") == [f"step-{step:012}.safetensors" for step in (40, 60, 76)]
    netspec.load(POINTS).train(run=tmp_path / "time", checkpoint_every=timedelta(microseconds=1), keep=1)
    assert len(checkpoints(tmp_path / "time")) == 1


@pytest.mark.parametrize(
    "options",
    [{"resume": True}, {"keep": 0}, {"checkpoint_every": 0}, {"checkpoint_every": timedelta(0)}],
)
def test_options_that_cannot_be_are_refused(options: dict) -> None:
    with pytest.raises(UsageError) as caught:
        netspec.load(POINTS).train(**options)
    assert caught.value.code == "E474"


WRONG: tuple[object, ...] = (object(), -1, 1.5, "x", None, True, b"x", [1], {"a": object()}, 10**30, "a\0b", "\ud800")
"""Each is no value of some argument; where it is one of another, the call may do its work."""
ENTRIES = (
    "load",
    "compile",
    "train",
    "evaluate",
    "predict",
    "predictor",
    "load_weights",
    "save_weights",
    "ask",
    "verdict",
)


def entry(name: str) -> tuple[Callable[..., object], dict[str, object]]:
    """A public function on a trained net, and the arguments that it cannot do without."""
    if name == "load":
        return (lambda **arguments: netspec.load(**arguments).check()), {"spec": POINTS}
    network = netspec.load(POINTS, set_=["train.epochs=1"])
    network.train()
    if name in ("ask", "verdict"):
        predictor = network.predictor()
        return {"ask": predictor.__call__, "verdict": predictor.verdict}[name], {"images": [0.0, 0.0]}
    needed = {"predict": {"images": [0.0, 0.0]}, "load_weights": {"path": "no"}, "save_weights": {"path": "weights"}}
    return getattr(network, name), needed.get(name, {})


@pytest.mark.parametrize("name", ENTRIES)
def test_an_argument_of_a_wrong_type_is_an_error_of_netspecs_own_and_nothing_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    function, needed = entry(name)
    arguments = signature(netspec.load if name == "load" else function).parameters
    refused = Counter[str]()
    for argument, value in product(arguments, WRONG):
        try:
            function(**{**needed, argument: value})
        except NetspecError:
            refused[argument] += 1
            assert not list(tmp_path.iterdir())
        for path in tmp_path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert set(refused) == set(arguments)


def test_every_public_function_is_tried_with_wrong_types() -> None:
    public = {name for name in vars(Network) if not name.startswith("_") and callable(getattr(Network, name))}
    assert public - {"check", "count"} <= set(ENTRIES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": "two"}, "`threads` takes a whole number from 1 to 1,024, or None, not `'two'`"),
        ({"keep": 1.5}, "`keep` takes a whole number, or None, not `1.5`"),
        (
            {"checkpoint_every": "2m"},
            "`checkpoint_every` takes a number of steps or a `timedelta`, or None, not `'2m'`",
        ),
        ({"resume": "yes"}, "`resume` takes True or False, not `'yes'`"),
        ({"watch": 3}, "`watch` takes a function, or None, not `3`"),
    ],
)
def test_an_argument_of_a_wrong_type_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        netspec.load(POINTS).train(**options)
    assert (caught.value.code, caught.value.message) == ("E485", message)


@pytest.mark.parametrize("path", ["x" * 300, "."])
def test_a_file_that_cannot_be_written_is_an_error_of_netspecs_own(path: str) -> None:
    network = netspec.load(POINTS, set_=["train.epochs=1"])
    network.train()
    with pytest.raises(DataError) as caught:
        network.save_weights(path)
    assert caught.value.code == "E540"


def test_a_name_that_is_too_long_is_an_error_of_netspecs_own() -> None:
    for call in (lambda: netspec.load("x" * 300), lambda: netspec.load(POINTS).train(run="x" * 300)):
        with pytest.raises(NetspecError, match="file name too long"):
            call()


def test_a_network_names_its_type() -> None:
    assert isinstance(netspec.load(SMALL), Network)


def test_a_killed_run_is_loaded_with_its_last_checkpoint_and_a_warning_says_so(tmp_path: Path) -> None:
    network = netspec.load(SMALL)
    network.train(run=tmp_path)
    record = tmp_path / "run.json"
    record.write_text(record.read_text().replace('"status": "finished"', '"status": "running"'))
    (tmp_path / "weights.safetensors").unlink()
    with pytest.warns(UserWarning, match=r"was killed: these are the weights of its last checkpoint, after epoch 3"):
        again = netspec.load(tmp_path)
    assert again.evaluate() == network.evaluate()
    image = np.zeros((1, 8, 8))
    assert np.array_equal(again.predict(image), network.predict(image))
    assert again.predictor()(image).shape == (1, 10)


def test_a_run_killed_before_its_first_checkpoint_is_loaded_without_weights(tmp_path: Path) -> None:
    netspec.load(SMALL).train(run=tmp_path)
    (tmp_path / "weights.safetensors").unlink()
    for path in (tmp_path / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(UsageError) as caught:
        netspec.load(tmp_path).evaluate()
    assert caught.value.code == "E464"


def idx(array: np.ndarray) -> bytes:
    """An IDX file of bytes."""
    return (
        b"\0\0\x08" + bytes([array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()
    )


def made_mnist(folder: Path) -> Path:
    """A folder of data sets with an MNIST of forty images in it."""
    (folder / "mnist").mkdir(parents=True)
    draw = np.random.default_rng(2)
    for part in ("train", "t10k"):
        images = draw.integers(0, 256, (40, 28, 28), np.uint8)
        (folder / "mnist" / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (folder / "mnist" / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(40, dtype=np.uint8) % 10))
    return folder


MNIST = "net n { input 1x28x28; dense 10 }\ndata mnist\ntrain { epochs 1; batch 10 }\n"


@pytest.mark.parametrize("place", ["argument", "environment", "cache"])
def test_data_are_looked_for_where_the_command_line_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NETSPEC_DATA", raising=False)
    folder = made_mnist(tmp_path / ("cache/netspec/datasets" if place == "cache" else "sets"))
    if place == "environment":
        monkeypatch.setenv("NETSPEC_DATA", str(folder))
    given = {"data_dir": folder} if place == "argument" else {}
    network = netspec.load(MNIST)
    end = network.train(**given)
    assert end.test is not None
    assert network.evaluate(**given).scores == end.test
    write_weights(tmp_path / "w.safetensors", network.weights)
    other = netspec.load(MNIST)
    other.load_weights(tmp_path / "w.safetensors", **given)
    assert other.evaluate(**given).scores == end.test


def test_saved_weights_need_no_data_where_they_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NETSPEC_DATA", raising=False)
    network = netspec.load(MNIST)
    network.train(data_dir=made_mnist(tmp_path / "sets"))
    network.save_weights(tmp_path / "w.safetensors")
    other = netspec.load(MNIST)
    other.load_weights(tmp_path / "w.safetensors")
    images = np.random.default_rng(5).integers(0, 256, (3, 1, 28, 28), np.uint8)
    assert np.array_equal(other.predict(images), network.predict(images))
    assert other.class_names == network.class_names


def test_an_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NETSPEC_DATA", raising=False)
    with pytest.raises(DataError) as caught:
        netspec.load(MNIST).train()
    assert "is not on this machine" in str(caught.value)
    assert "  = help: `netspec data fetch mnist` downloads it" in str(caught.value)
    with pytest.raises(SpecError) as broken:
        netspec.load("net n { input 1x8x8; konv 3 3x3; dense ten }\n").count()
    assert all(told in str(broken.value) for told in ("konv", "did you mean", "ten", "2 errors"))


def test_what_a_training_gives_is_shown_in_a_line() -> None:
    shown = repr(netspec.load(SMALL).train())
    assert shown.startswith("Finished(epochs=3, ")
    assert "validation=Scores(" in shown
    assert "array" not in shown
    assert len(shown) < 500


def test_classes_are_matched_by_name(tmp_path: Path) -> None:
    text = "net n { input 1x8x8; dense 3 }\ntrain { sgd rate=0.1; batch 4; epochs 8 }\n"
    whole = write_greys(tmp_path / "whole")
    network = netspec.load(text, data=str(whole))
    network.train(run=tmp_path / "run")
    some = str(write_greys(tmp_path / "some", ("dark", "light")))
    for other in (
        netspec.load(tmp_path / "run", data=some),
        netspec.load(tmp_path / "run", set_=[f"data={some}"]),
        netspec.load(text, data=some),
        netspec.load(tmp_path / "run", data=str(whole), set_=["data.classes=(light grey dark)"]),
    ):
        other.load_weights(tmp_path / "run/weights.safetensors")
        found = other.evaluate()
        assert found.answers is not None
        assert (found.scores.accuracy, found.answers.images[::2]) == (1, (8, 8))
        assert other.class_names == ("dark", "grey", "light")
    strange = str(write_greys(tmp_path / "strange", ("dark", "pink")))
    with pytest.raises(DataError) as caught:
        netspec.load(tmp_path / "run", data=strange).evaluate()
    assert caught.value.code == "E548"


def test_what_is_wrong_with_the_classes_is_told_to_who_watches() -> None:
    events: list[Event] = []
    netspec.load(SMALL, set_=["data.take=2", "data.validate=0", "train.epochs=1"]).train(watch=events.append)
    assert isinstance(events[0], Started)
    assert [event.code for event in events if isinstance(event, Warned)] == ["W503"]


def test_a_program_for_a_gpu_is_compiled_without_one():
    network = netspec.load("lenet")
    program = network.compile(device="cuda")
    assert isinstance(program.target, CudaTarget)
    assert isinstance(network.compile(device="cpu").target, CpuTarget)
    assert network.compile(device="cpu", target=SM_80).target == SM_80


def test_a_device_is_named_by_three_words():
    with pytest.raises(UsageError, match='`device` takes "cpu", "cuda" or "auto", or None, not `\'gpu\'`'):
        netspec.load("lenet").compile(device="gpu")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("option", [{"threads": 2}, {"exact": True}])
def test_options_of_the_cpu_are_refused_for_a_gpu(option: dict):
    with pytest.raises(UsageError) as caught:
        netspec.load("digits").train(device="cuda", **option)
    assert caught.value.code == "E486"
    assert f"`{next(iter(option))}` is an option of the CPU" in caught.value.message
