"""Text of a program's kernels for a GPU."""

import pytest

from netspec.compiler import training_program
from netspec.diagnostics.failure import DeviceError
from netspec.runtime.cuda import code_text
from netspec.runtime.cuda.code_text import kernel_texts
from netspec.targets.cuda.processor import SM_80
from tests.schedule.nets import experiment

pytest.importorskip("numba_cuda", reason="the extra `cuda` is not installed")
PROGRAM = training_program(experiment("net t { input 3; dense 3; dense 3 }\ntrain { sgd rate=0.1 }\n"), SM_80, 2)


def test_each_kernel_is_shown_once_as_ptx() -> None:
    found = list(kernel_texts(PROGRAM, "ptx"))
    names = [name for name, _ in found]
    assert len(names) == len(set(names))
    assert names[0].startswith("take_scalar-")
    assert names[-1].startswith("advance-")
    assert any(name.startswith("dense-256-float32*") for name in names)
    assert all(f".entry netspec_{name.partition('-')[0]}(" in text for name, text in found)


def test_a_kernel_is_shown_as_machine_code() -> None:
    name, text = next(kernel_texts(PROGRAM, "sass"))
    assert name.startswith("take_scalar-")
    assert "EIATTR" not in text
    assert ".text.netspec_take_scalar" in text
    assert "EXIT" in text


def test_a_missing_disassembler_is_named_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_text, "find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(code_text, "obtain", None)  # nothing is compiled before
    with pytest.raises(DeviceError, match="nvdisasm") as caught:
        next(kernel_texts(PROGRAM, "sass"))
    assert caught.value.code == "E597"
    assert caught.value.helps == ("`pip install nvidia-cuda-nvdisasm`",)
