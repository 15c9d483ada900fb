"""`netspec compile` prints every form of a spec."""

import re

import pytest

from netspec.cli.experiment import load_experiment
from netspec.cli.show.plan import FACTS, lifetimes
from netspec.compiler import step_graph, training_program
from netspec.runtime.cpu.host import host_target
from netspec.schedule.cuda.show import listing
from netspec.targets.cpu.processor import AVX2
from netspec.targets.cuda.ceilings import published_ceilings
from netspec.targets.cuda.processor import SM_90, TARGETS, CudaTarget
from tests.cli.harness import refused, run, run_json
from tests.cli.without_cuda import has_tools
from tests.conftest import Golden


@pytest.mark.parametrize("form", ["tree", "graph"])
def test_a_form_reads_well(form: str, golden: Golden):
    done = run("compile", "lecture", "--emit", form)
    assert done.exit_code == 0
    golden(f"compile_{form}.txt", done.stdout)


def test_the_plan_has_a_line_a_value():
    program = training_program(load_experiment("lecture"), host_target())
    plan, _, _ = run("compile", "lecture").stdout.partition("\nlayer")
    lines = plan.splitlines()
    assert f"{program.arena_bytes:,} bytes" in lines[1]
    told = {line.split()[0]: line for line in lines[7:]}
    assert told.keys() == program.buffers.keys()
    assert all(f" {buffer.offset_bytes:,} " in told[name] for name, buffer in program.buffers.items())


def test_the_plan_as_json_is_the_program():
    program = training_program(load_experiment("lenet"), host_target())
    got = run_json("compile", "lenet")
    assert got["memory_bytes"] == program.peak_bytes == run_json("count", "lenet")["memory_bytes"]
    assert {buffer["name"] for buffer in got["buffers"]} == program.buffers.keys()


def test_the_forecast_has_a_line_a_layer():
    lines = run("compile", "lenet").stdout.partition("\nlayer")[2].splitlines()
    told = {line.split()[0]: line for line in lines if line}
    program = training_program(load_experiment("lenet"), host_target())
    assert told.keys() > {launch.layer for launch in program.launches} | {"total", "an"}
    assert "winograd" in told["conv2"]


def test_the_forecast_as_json_adds_up():
    forecast = run_json("compile", "lenet", "--batch", 100)["forecast"]
    layers, total = forecast["layers"], forecast["total"]
    assert sum(layer["forecast_seconds"] for layer in layers) == pytest.approx(total["forecast_seconds"])
    assert forecast["epoch_forecast_seconds"] == pytest.approx(540 * total["forecast_seconds"])
    assert set(layers[0]) == {
        "name",
        "algorithms",
        "kernels",
        "flops",
        "least_flops",
        "bytes",
        "forecast_seconds",
    }
    assert total["flops"] / total["forecast_seconds"] < 4.01e9 * forecast["fma_peak_gflops"]


def test_only_training_has_epochs():
    forecast = run_json("compile", "lenet", "--for", "prediction")["forecast"]
    assert forecast["training_forecast_seconds"] is forecast["epoch_forecast_seconds"] is None
    assert forecast["epoch_note"] == "the program does not train"
    assert forecast["total"]["forecast_seconds"] > 0


def test_an_epoch_has_the_images_of_the_classes_that_are_kept():
    forecast = run_json("compile", "lecture")["forecast"]
    step = forecast["total"]["forecast_seconds"]
    assert forecast["epoch_forecast_seconds"] == pytest.approx(-(-(5923 + 6742) // 32) * step)
    assert forecast["epoch_note"] is None
    assert "an epoch, 396 steps: forecast " in run("compile", "lecture").stdout


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "the spec names no data"),
        ('data "mine.npz"\n', "mine.npz` holds is known once they are read"),
    ],
)
def test_why_nothing_is_told_of_an_epoch_is_told(data: str, why: str, tmp_path):
    spec = tmp_path / "n.net"
    spec.write_text(f"net n {{ input 4; dense 3 }}\n{data}")
    for words in (("compile", spec), ("bench", spec, "--layers", "--batch", 16)):
        said = run(*words)
        assert said.exit_code == 0, said.stderr
        assert "nothing is told of an epoch and of the whole training: " in said.stdout
        assert why in said.stdout


def test_lifetimes_cover_every_use():
    program = training_program(load_experiment("lenet"), AVX2)
    life = {lifetime.buffer.value.name: lifetime for lifetime in lifetimes(program)}
    for number, launch in enumerate(program.launches, 1):
        for buffer in (*launch.inputs, *launch.outputs):
            first, last = life[buffer.value.name].first, life[buffer.value.name].last
            assert first is None or first <= number <= (last or 0)


def test_the_program_has_a_line_a_launch():
    program = training_program(load_experiment("lenet"), host_target())
    said = run("compile", "lenet", "--emit", "program").stdout
    assert sum(launch.layer in said for launch in program.launches) == len(program.launches)
    assert len(said.splitlines()) >= len(program.launches)


def test_the_step_is_the_optimised_one():
    nodes = step_graph(load_experiment("lenet")).nodes
    said = run("compile", "lenet", "--emit", "step").stdout
    assert sum("# " in line for line in said.splitlines()) == len(nodes)


@pytest.mark.parametrize("purpose", ["evaluation", "prediction"])
def test_other_programs_can_be_asked_for(purpose: str):
    assert run_json("compile", "lenet", "--for", purpose)["memory_bytes"] < run_json("compile", "lenet")["memory_bytes"]


def test_a_batch_can_be_asked_for():
    assert run_json("compile", "lenet", "--batch", 16)["batch"] == 16
    assert run("compile", "lenet", "--batch", 0).exit_code == 2


@pytest.mark.slow
@pytest.mark.parametrize(("form", "word"), [("llvm", "define"), ("asm", "vmovups")])
def test_the_code_of_every_kernel_can_be_read(form: str, word: str):
    said = run("compile", "lecture", "--for", "prediction", "--batch", 16, "--emit", form)
    assert said.exit_code == 0, said.stderr
    assert "kernel netspec.kernels.cpu." in said.stdout
    assert word in said.stdout


@pytest.mark.parametrize("name", ["lenet", "resnet18"])
def test_a_prediction_of_one_image_has_channels_in_its_lanes(name: str):
    got = run_json("compile", name, "--for", "prediction", "--batch", 1)
    kernels = {kernel for layer in got["forecast"]["layers"] for kernel in layer["kernels"]}
    assert got["layout"] == "channels"
    assert "sum_windows" in kernels
    assert got["forecast"]["total"]["flops"] == run_json("count", name)["flops"]
    assert "channels a vector" in run("compile", name, "--for", "prediction", "--batch", 1).stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "text"), [("program", "Convolution("), ("llvm", "sum_windows"), ("asm", "sum_windows")]
)
def test_every_form_of_a_prediction_of_one_image_can_be_read(form: str, text: str):
    said = run("compile", "lenet", "--for", "prediction", "--batch", 1, "--emit", form)
    assert said.exit_code == 0, said.stderr
    assert text in said.stdout


def test_a_broken_spec_is_refused(tmp_path):
    (tmp_path / "b.net").write_text("net b { konv 3 3x3 }\n")
    assert run("compile", tmp_path / "b.net", "--emit", "tree").exit_code == 1
    assert run("compile", "lenet", "--emit", "trees").exit_code == 2
    refused(run("compile", "lennet"), 2, "E601")


@pytest.mark.parametrize("words", ["--for prediction", "--batch 3", "--exact"])
@pytest.mark.parametrize("form", ["tree", "graph", "step"])
def test_forms_before_a_program_take_nothing_of_one(form: str, words: str):
    done = run("compile", "lenet", "--emit", form, *words.split())
    refused(done, 2, "E610")
    assert f"does not go with `--emit {form}`" in done.stderr


@pytest.mark.parametrize("form", ["tree", "graph"])
def test_forms_of_the_net_take_no_settings_of_a_training(form: str):
    refused(run("compile", "lenet", "--emit", form, "--set", "train.sgd.momentum=0.5"), 2, "E610")
    assert "momentum=0.5," in run("compile", "lenet", "--emit", "step", "--set", "train.sgd.momentum=0.5").stdout


def cuda_program(spec: str, target: CudaTarget = SM_90, batch: int | None = None):
    return training_program(load_experiment(spec), target, batch)


@pytest.mark.parametrize("name", TARGETS)
def test_a_program_for_a_gpu_is_planned_without_one(name: str):
    program = cuda_program("lenet", TARGETS[name])
    got = run_json("compile", "lenet", "--device", "cuda", "--target", name)
    assert (got["target"], got["multiprocessors"]) == (name, TARGETS[name].multiprocessors)
    assert got["lanes"] is got["layout"] is got["thread_bytes"] is None
    assert got["arena_bytes"] == got["memory_bytes"] == program.arena_bytes
    assert {buffer["name"] for buffer in got["buffers"]} == program.buffers.keys()


def test_both_devices_have_the_same_keys():
    cpu, cuda = (run_json("compile", "lenet", "--device", name) for name in ("cpu", "cuda"))
    assert cpu.keys() == cuda.keys()
    assert cpu["forecast"].keys() == cuda["forecast"].keys()
    assert {*training_program(load_experiment("lenet"), AVX2).facts, *cuda_program("lenet").facts} == set(FACTS)


def test_the_forecast_of_a_gpu_is_by_published_ceilings():
    program, (gpu, ceilings) = cuda_program("lenet"), published_ceilings(SM_90)
    forecast = run_json("compile", "lenet", "--device", "cuda", "--target", "sm_90")["forecast"]
    calls = sum(len(launch.calls) for launch in program.launches)
    assert (forecast["gpu"], forecast["threads"]) == (gpu, None)
    assert forecast["launch_seconds"] == ceilings.launch_seconds
    assert calls * ceilings.launch_seconds < forecast["total"]["forecast_seconds"] < calls * 2e-5
    said = run("compile", "lenet", "--device", "cuda", "--target", "sm_90").stdout
    assert f"published for {gpu}: 66,900 GFLOP/s of float32, 4,800 GB/s of memory; 2 us besides" in said
    assert "844 steps: forecast" in said


def test_the_program_for_a_gpu_has_its_calls():
    said = run("compile", "lenet", "--device", "cuda", "--target", "sm_90", "--emit", "program").stdout
    assert said == listing(cuda_program("lenet"))
    assert "convolution<<<" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--target sm_80", "`--target` needs `--device cuda`"),
        ("--emit ptx", "`--emit ptx` needs `--device cuda`, and the device is cpu"),
        ("--emit llvm --device cuda", "`--emit llvm` needs `--device cpu`, and the device is cuda"),
        ("--exact --device cuda", "`--exact` does not go with `--device cuda`"),
        ("--exact --device auto", "`--exact` does not go with `--device auto`"),
        ("--emit tree --device cuda", "`--device` does not go with `--emit tree`"),
    ],
)
def test_options_of_another_device_are_refused(words: str, message: str):
    done = run("compile", "lenet", *words.split())
    refused(done, 2, "E610")
    assert message in done.stderr


def test_the_environment_names_the_device_where_no_option_does(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NETSPEC_DEVICE", "cuda")
    assert run_json("compile", "lenet", "--target", "sm_80")["target"] == "sm_80"
    assert run_json("compile", "lenet", "--device", "cpu")["lanes"] == host_target().lanes
    assert "NETSPEC_DEVICE=cuda" in run("compile", "lenet", "--exact").stderr
    assert run("compile", "lenet", "--emit", "tree").exit_code == 0
    monkeypatch.setenv("NETSPEC_DEVICE", "gpu")
    assert run("compile", "lenet").exit_code == 2


@pytest.mark.slow
@pytest.mark.parametrize(("form", "word"), [("ptx", ".entry"), ("sass", "FFMA")])
def test_the_code_of_every_kernel_of_a_gpu_can_be_read(form: str, word: str, tmp_path):
    pytest.importorskip("numba_cuda")
    if form == "sass" and not has_tools():
        pytest.skip("ptxas and nvdisasm are not installed")
    (tmp_path / "n.net").write_text("net n { input 8; dense 4 relu; dense 3 }")
    said = run("compile", tmp_path / "n.net", "--device", "cuda", "--target", "sm_80", "--emit", form, "--batch", 2)
    assert said.exit_code == 0, said.stderr
    assert "// kernel dense-" in said.stdout
    assert word in said.stdout
    assert "sm_80" in said.stdout


def test_a_program_that_needs_more_memory_than_there_is_is_refused_with_the_largest_batch():
    words = ("compile", "lenet", "--device", "cuda", "--target", "sm_90", "--memory")
    done = run(*words, "5M")
    refused(done, 3, "E590")
    (batch,) = re.findall(r"train.batch=(\d+)", done.stderr)
    assert f"{cuda_program('lenet').arena_bytes:,} bytes at batch 64" in done.stderr
    assert cuda_program("lenet", batch=int(batch)).arena_bytes <= 5 << 20
    assert cuda_program("lenet", batch=int(batch) + 1).arena_bytes > 5 << 20
    assert run(*words, "1G").exit_code == 0
    refused(run(*words, "1M"), 3, "E590")
