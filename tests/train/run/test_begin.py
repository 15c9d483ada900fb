"""What could go wrong is found out before anything is written or compiled."""

from pathlib import Path

import numpy as np
import pytest

from netspec.diagnostics.failure import DataError, NetspecError, SpecError, UsageError
from netspec.diagnostics.text import Source
from netspec.frontend import check_experiment
from netspec.runtime.device import Device
from netspec.train.run.begin import Begun, DataPlaces, Origin, begin

SPEC = "net n { input 1x8x8; dense 10 }\ndata digits take=50\ntrain { epochs 1; batch 10 }\n"


def begun(
    device: Device, text: str, *, folder: Path | None = None, weights: Path | None = None, keep: bool = True
) -> Begun:
    source = Source("<text>", text)
    return begin(
        check_experiment(source),
        Origin(source, {}),
        places=DataPlaces(),
        device=device,
        folder=folder,
        weights=weights,
        keep=keep,
    )


def test_the_folder_and_the_spec_in_it_are_there_before_the_first_event(device: Device, tmp_path: Path) -> None:
    ready = begun(device, SPEC, folder=tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"n.net", "run.json"}
    assert (tmp_path / "run/n.net").read_text() == SPEC
    ready.events.close()
    assert not (tmp_path / "run/weights.safetensors").exists()


SIZED = SPEC.replace("net n {", "net n(D=9) {").replace("1x8x8", "1 D D")
MISTAKES: dict[str, tuple[str, type[NetspecError], str]] = {
    "a precision": (SPEC.replace("epochs 1", "precision bf16"), SpecError, "E453"),
    "no data": ("net n { input 3; dense 2 }\n", UsageError, "E463"),
    "data that do not fit": (SPEC.replace("1x8x8", "1x9x9"), SpecError, "E513"),
    "data that do not fit this once": (SIZED, DataError, "E513"),
}


@pytest.mark.parametrize(("text", "kind", "code"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_leaves_no_folder_behind(
    device: Device, tmp_path: Path, text: str, kind: type[NetspecError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        begun(device, text, folder=tmp_path / "run")
    assert caught.value.code == code
    assert not (tmp_path / "run").exists()


def test_one_image_to_normalise_is_told_once_the_data_are_known(device: Device, tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", x=np.zeros((2, 1, 8, 8), np.uint8), y=np.zeros(2, np.int32))
    text = f'net n {{ input 1x8x8; dense 5; batchnorm; dense 2 }}\ndata "{tmp_path}/two.npz"'
    with pytest.raises(SpecError) as caught:
        begun(device, f"{text} validate=0.5\n", folder=tmp_path / "run")
    assert caught.value.code == "E410"
    assert not (tmp_path / "run").exists()
    begun(device, text + "\n", keep=False).events.close()


def test_broken_weights_leave_no_folder_behind(device: Device, tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"")
    with pytest.raises(DataError):
        begun(device, SPEC, folder=tmp_path / "run", weights=tmp_path / "w")
    assert not (tmp_path / "run").exists()


def test_nothing_is_kept_unless_asked_for(device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ready = begun(device, SPEC, keep=False)
    assert ready.run is None
    assert len(list(ready.events)) >= 3
    assert list(tmp_path.iterdir()) == []
