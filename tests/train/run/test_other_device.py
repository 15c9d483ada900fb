"""A run that goes on with a device of another kind: refused, unless forced, and then told."""

import json
from pathlib import Path

import pytest

from netspec.diagnostics.failure import UsageError
from netspec.runtime.cuda.packages import compiler_versions
from netspec.runtime.device import Device
from netspec.train.events import Finished
from netspec.train.run.begin import DataPlaces
from netspec.train.run.folder import open_run, run_experiment
from netspec.train.run.identity import differences, moved_notice
from netspec.train.run.reproduce import begin_again
from netspec.train.run.resume import resume
from tests.kernels.backends import BACKENDS, opened
from tests.train.run.test_longer import spec, trained

KINDS = [entry.name for entry in BACKENDS]
ORDERS = [(first, second) for first in KINDS for second in KINDS if first != second]


@pytest.fixture(scope="session", params=ORDERS, ids=" then ".join)
def devices(request: pytest.FixtureRequest) -> tuple[Device, Device]:
    """Devices of two kinds."""
    first, second = ({entry.name: entry for entry in BACKENDS}[name] for name in request.param)
    return opened(first).device(), opened(second).device()


def test_a_device_of_another_kind_is_refused_in_one_line(devices: tuple[Device, Device], tmp_path: Path) -> None:
    first, second = devices
    run = open_run(trained(first, spec("constant", 2), tmp_path / "one", 1))
    with pytest.raises(UsageError) as caught:
        resume(run, run_experiment(run), places=DataPlaces(), device=second)
    assert caught.value.code == "E468"
    assert caught.value.notes == (f"`target.name` was {first.target.name} and is {second.target.name}",)
    assert any("`--force` goes on all the same, to other bits" in text for text in caught.value.helps)


def test_a_forced_run_goes_on_from_its_checkpoint_and_says_so(devices: tuple[Device, Device], tmp_path: Path) -> None:
    first, second = devices
    run = open_run(trained(first, spec("constant", 3), tmp_path / "one", 1))
    begun = resume(run, run_experiment(run), places=DataPlaces(), device=second, force=True)
    (notice,) = (text for text in begun.notices if "bits" in text)
    assert notice.startswith(f"the run began with {first.target.name} and goes on with {second.target.name}")
    *_, end = begun.events
    assert isinstance(end, Finished)
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    losses = [line["train_loss"] for line in lines]
    assert losses == sorted(losses, reverse=True)
    kept = open_run(run.folder)
    assert kept.planned_by == second.planned_by
    again = resume(kept, run_experiment(kept), places=DataPlaces(), device=second)
    assert again.notices == begun.notices[: begun.notices.index(notice)]
    again.events.close()


def test_a_run_of_another_kind_of_device_is_not_reproduced(devices: tuple[Device, Device], tmp_path: Path) -> None:
    first, second = devices
    run = open_run(trained(first, spec("constant", 1), tmp_path / "one"))
    with pytest.raises(UsageError) as caught:
        begin_again(run, run_experiment(run), places=DataPlaces(), device=second, folder=None)
    assert caught.value.code == "E469"


def test_a_new_fact_of_a_device_is_told_by_its_name() -> None:
    then, now = {"target.name": "avx512"}, {"target.name": "avx512", "target.exact": False}
    assert differences(then, now) == ("`target.exact` was None and is False",)
    assert moved_notice(then, now) == moved_notice({}, now) == ()


def test_a_run_made_by_other_versions_of_a_gpus_compilers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = opened({entry.name: entry for entry in BACKENDS}["cuda"]).device()
    made = {**compiler_versions(), "nvidia-nvvm": "12.9.1"}
    with monkeypatch.context() as patch:
        patch.setattr("netspec.runtime.cuda.device.compiler_versions", lambda: made)
        run = open_run(trained(device, spec("constant", 2), tmp_path / "one", 1))
    with pytest.raises(UsageError) as caught:
        resume(run, run_experiment(run), places=DataPlaces(), device=device)
    assert caught.value.code == "E468"
    assert caught.value.notes == (f"`target.nvidia-nvvm` was 12.9.1 and is {compiler_versions()['nvidia-nvvm']}",)
