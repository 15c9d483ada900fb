"""A run goes on after a kill, a signal or a full disk, and comes to the bits of one that was never interrupted."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from netspec.resources import bundled_specs
from netspec.train.run.checkpoint import checkpoint_paths, read_checkpoint
from netspec.train.run.folder import holds_run
from tests.cli.harness import HANGS_SECONDS, process, refused, run, run_json
from tests.data.samples import write_greys

SPEC = """net small {
    input 1x8x8
    conv 6 3x3 pad=1 nobias; batchnorm relu
    pool max 2x2
    dropout 0.25
    dense 10
}
data digits validate=0.2 take=300
augment { crop 8x8 pad=1 }
train { sgd rate=0.1 momentum=0.9; schedule plateau factor=0.5 patience=2; stop patience=200; batch 16; epochs EPOCHS }
"""
needs_mnist = pytest.mark.skipif("NETSPEC_DATA" not in os.environ, reason="needs MNIST in NETSPEC_DATA")
PACKED = {"seconds", "images_per_second", "waited_seconds"}
"""What a line of the metrics holds that depends on the clock."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a small spec in it."""
    (tmp_path / "small.net").write_text(SPEC.replace("EPOCHS", "12"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lenet(images: int, epochs: int) -> str:
    """The path of LeNet's spec, for so many of MNIST's images."""
    text = bundled_specs()["lenet"].read_text().replace("epochs   8", f"epochs   {epochs}")
    Path("lenet.net").write_text(text.replace("data mnist", f"data mnist take={images}"))
    return "lenet.net"


def lines(folder: str) -> list[dict]:
    """The metrics of a run, without what the clock decides."""
    found = [json.loads(line) for line in Path(folder, "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in PACKED} for line in found]


def same(one: str, other: str) -> bool:
    """Whether two runs have the same metrics, and the same weights and last checkpoint to the byte."""
    kept = {(weights(Path(folder)), checkpoint_paths(Path(folder))[0].read_bytes()) for folder in (one, other)}
    return lines(one) == lines(other) and len(kept) == 1


def weights(folder: Path) -> bytes:
    return (folder / "weights.safetensors").read_bytes()


def start(*words: str) -> subprocess.Popen[str]:
    """Starts `netspec` with Ctrl-C as a terminal would give it."""
    return subprocess.Popen(
        [sys.executable, "-m", "netspec", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_until(going: subprocess.Popen[str], holds) -> None:
    waited = time.monotonic()
    while not holds():
        assert going.poll() is None, going.communicate()
        assert time.monotonic() < waited + 100
        time.sleep(0.01)


def killed(*words: str, number: int, moment: int) -> None:
    """Trains until it is killed as it writes its checkpoint of this number, at this moment (`tests/train/dying.py`)."""
    command = [sys.executable, "-m", "tests.train.dying", str(number), str(moment), "train", *words]
    root = {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, env=os.environ | root, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def kill_and_resume(spec: str, kills: int) -> None:
    """Trains `spec` into the folder `whole` and, killed so often, `cut`, with 1, 2 and 4 threads in turn.

    Moments are random: of every second kill from all of the time that a process takes from its start to its first
    checkpoint, of the others from the time after that, so that the training comes on. On a busy machine a later kill
    may find the training ended.
    """
    chosen, every = random.Random(7), ("--checkpoint-every", "20")
    run_json("train", spec, "--run", "whole")
    training = json.loads(Path("whole/run.json").read_text())["result"]["seconds"]
    brief = start("train", spec, "--run", "brief", *every)
    preparing = seconds_to_progress("brief", brief)
    assert kill(brief), "the kill came too late"
    for number in range(kills):
        words = ("--resume", "cut") if holds_run(Path("cut")) else (spec, "--run", "cut")
        going = start("train", *words, "--threads", str((1, 2, 4)[number % 3]), *every)
        if number % 2:
            seconds_to_progress("cut", going)
        time.sleep(chosen.uniform(0, training / kills if number % 2 else preparing))
        if not kill(going):
            break
    assert number, "not one kill came in time"
    done = process("train", "--resume", "cut", "--threads", "2")
    assert done.returncode == 0, done.stderr
    assert same("whole", "cut")


def seconds_to_progress(folder: str, going: subprocess.Popen[str]) -> float:
    """Waits until a training has written another checkpoint; how long that took."""
    before, begun = progress(folder), time.monotonic()
    wait_until(going, lambda: progress(folder) > before)
    return time.monotonic() - begun


def kill(going: subprocess.Popen[str]) -> bool:
    """Whether a training was killed; else it had ended by itself, and well."""
    going.kill()
    assert "Traceback" not in going.communicate()[1]
    assert going.returncode in (-signal.SIGKILL, 0)
    return going.returncode != 0


def progress(folder: str = "cut") -> int:
    """Steps that are saved so far."""
    return max((int(path.stem[5:]) for path in checkpoint_paths(Path(folder))), default=0)


def test_a_run_killed_again_and_again_comes_to_the_same_bits(here: Path) -> None:
    (here / "small.net").write_text(SPEC.replace("EPOCHS", "100"))
    kill_and_resume("small.net", 3)


@pytest.mark.slow
@needs_mnist
def test_lenet_killed_again_and_again_comes_to_the_same_bits(here: Path) -> None:
    kill_and_resume(lenet(600, 12), 3)


@pytest.mark.slow
def test_a_run_killed_as_it_writes_checkpoints_comes_to_the_same_bits(here: Path) -> None:
    (here / "small.net").write_text(SPEC.replace("EPOCHS", "30"))
    run_json("train", "small.net", "--run", "whole")
    words, steps = ("small.net", "--run", "cut"), [0]
    for moment in (7, 9, 10, 11, 25, 40):  # nothing, half, all of the file, its name; its time; those before forgotten
        killed(*words, "--checkpoint-every", "20", "--keep", "1", number=3, moment=moment)
        steps.append(progress())
        words = ("--resume", "cut")
    assert all(later > before for before, later in pairwise(steps))
    run_json("train", "--resume", "cut")
    assert same("whole", "cut")


@pytest.mark.parametrize("keep", [1, 2])
def test_what_goes_on_behind_a_damaged_checkpoint_is_not_lost_by_a_kill(here: Path, keep: int) -> None:
    run_json("train", "small.net", "--run", "whole")
    killed("small.net", "--run", "cut", "--checkpoint-every", "20", "--keep", "3", number=5, moment=0)
    *damaged, sound = checkpoint_paths(here / "cut")[: keep + 1]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-7])
    killed("--resume", "cut", "--checkpoint-every", "10", "--keep", str(keep), number=2, moment=0)
    newest = checkpoint_paths(here / "cut")[0]
    assert sound.name < newest.name < damaged[-1].name
    done = run("train", "--resume", "cut")
    assert done.exit_code == 0
    assert "damaged" not in done.stderr
    assert same("whole", "cut")


def test_all_that_safetensors_files_hold_is_the_same_for_any_number_of_threads(here: Path) -> None:
    files: list[dict[str, bytes]] = []
    for threads in (1, 3):
        folder = here / str(threads)
        run_json("train", "small.net", "--run", folder, "--threads", threads, "--checkpoint-every", 20, "--keep", 2)
        files.append({path.name: path.read_bytes() for path in folder.rglob("*.safetensors")})
    assert len(files[0]) > 2
    assert files[0] == files[1]


@pytest.mark.slow
def test_twenty_kills_of_a_net_with_batchnorm_dropout_and_augmentation(here: Path) -> None:
    text = SPEC.replace("EPOCHS", "1500").replace("patience=200", "patience=5000")
    (here / "small.net").write_text(text.replace("{ crop", "{ shift 1; rotate 5; mirror; noise 0.02; crop"))
    kill_and_resume("small.net", 20)


@pytest.mark.slow
@needs_mnist
def test_twenty_kills_of_lenet(here: Path) -> None:
    kill_and_resume(lenet(6000, 12), 20)


def test_a_step_that_did_harm_is_told_and_told_again_after_going_on(here: Path) -> None:
    """The loss of that step is finite: only the next one tells that the weights are not."""
    spec = SPEC.replace("EPOCHS", "2").replace("rate=0.1 ", "rate=1e-3 decay=100 ")
    (here / "small.net").write_text(spec.replace("plateau factor=0.5 patience=2", "step at=1 factor=1e41"))
    first = run("train", "small.net", "--run", "cut", "--checkpoint-every", "1")
    told = first.stderr.partition("error[E460]")[2].splitlines()[0]
    assert "in step 16 (epoch 2): the step makes `" in told
    assert all(read_checkpoint(path).sound for path in checkpoint_paths(here / "cut"))
    assert progress() == 15
    again = run("train", "--resume", "cut")
    assert again.exit_code == 4
    assert told in again.stderr


def test_a_rate_that_grows_beyond_float32_is_told_as_any_that_does_harm(here: Path) -> None:
    spec = SPEC.replace("EPOCHS", "2").replace("rate=0.1 ", "rate=1e-3 ")
    (here / "small.net").write_text(spec.replace("plateau factor=0.5 patience=2", "step at=1 factor=1e42"))
    done = run("train", "small.net", "--run", "cut")
    assert done.exit_code == 4
    assert "the learning rate of that step was 1e+39" in done.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_the_step_and_says_how_to_go_on(here: Path, number: int, status: int) -> None:
    (here / "small.net").write_text(SPEC.replace("EPOCHS", "60"))
    run_json("train", "small.net", "--run", "whole")
    going = start("train", "small.net", "--run", "cut")
    wait_until(going, lambda: (here / "cut/metrics.jsonl").exists())
    going.send_signal(number)
    _, said = going.communicate(timeout=HANGS_SECONDS)
    assert going.returncode == status, said
    assert "netspec train --resume cut" in said
    assert "Traceback" not in said
    assert json.loads((here / "cut/run.json").read_text())["status"] == "interrupted"
    assert progress() > 0
    assert run_json("train", "--resume", "cut")["run"] == "cut"
    assert same("whole", "cut")


def test_a_run_without_a_checkpoint_starts_again(here: Path) -> None:
    whole = run_json("train", "small.net", "--run", "whole")
    run_json("train", "small.net", "--run", "cut")
    record = json.loads((here / "cut/run.json").read_text())
    (here / "cut/run.json").write_text(json.dumps({**record, "status": "running", "result": {}}))
    for path in (here / "cut/checkpoints").iterdir():
        path.unlink()
    (here / "cut/weights.safetensors").unlink()
    again = run_json("train", "--resume", "cut")
    assert again["validation_loss"] == whole["validation_loss"]
    assert same("whole", "cut")


def test_a_run_from_given_weights_starts_again_from_them(here: Path) -> None:
    run_json("train", "small.net", "--run", "first")
    words = ("--weights", "first/weights.safetensors", "--set", "train.epochs=2")
    run_json("train", "small.net", "--run", "whole", *words)
    run_json("train", "small.net", "--run", "cut", *words)
    record = json.loads((here / "cut/run.json").read_text())
    (here / "cut/run.json").write_text(json.dumps({**record, "status": "running"}))
    for path in (here / "cut/checkpoints").iterdir():
        path.unlink()
    (here / "first/weights.safetensors").unlink()
    run_json("train", "--resume", "cut")
    assert same("whole", "cut")


def test_a_finished_run_says_so(here: Path) -> None:
    first = run_json("train", "small.net", "--run", "one")
    before = (here / "one/weights.safetensors").stat().st_mtime_ns
    assert run_json("train", "--resume", "one") == first
    done = run("train", "--resume", "one")
    assert done.exit_code == 0
    assert "finished" in done.stdout
    assert "netspec train --resume one --set train.epochs=N" in done.stdout
    assert (here / "one/weights.safetensors").stat().st_mtime_ns == before
    (here / "one/small.net").write_text((here / "one/small.net").read_text() + "# a remark\n")
    assert "note: the spec in one has changed" in run("train", "--resume", "one").stderr


@pytest.mark.parametrize("words", [(), ("--set", "train.epochs=14")])
def test_a_finished_run_with_more_epochs_comes_to_the_bits_of_one_that_had_them(
    here: Path, words: tuple[str, ...]
) -> None:
    run_json("train", "small.net", "--set", "train.epochs=14", "--run", "whole")
    run_json("train", "small.net", "--run", "one", "--threads", "1")
    if not words:
        spec = here / "one/small.net"
        spec.write_text(spec.read_text().replace("epochs 12", "epochs 14"))
    assert run_json("train", "--resume", "one", *words, "--threads", "2")["epochs"] == 14
    assert same("whole", "one")
    assert run_json("reproduce", "one")["equal"]
    assert run_json("train", "--resume", "one") == run_json("train", "--resume", "one", *words)


def test_a_longer_training_that_is_killed_goes_on_with_its_new_epochs(here: Path) -> None:
    run_json("train", "small.net", "--set", "train.epochs=30", "--run", "whole")
    run_json("train", "small.net", "--run", "cut")
    killed("--resume", "cut", "--set", "train.epochs=30", "--checkpoint-every", "20", number=3, moment=25)
    assert run_json("train", "--resume", "cut")["epochs"] == 30
    assert same("whole", "cut")


@pytest.mark.parametrize(("setting", "epochs"), [("train.schedule=cosine", 14), ("train.epochs=3", 2)])
def test_epochs_that_a_finished_run_cannot_be_given_are_refused(here: Path, setting: str, epochs: int) -> None:
    run_json("train", "small.net", "--set", setting, "--run", "one")
    refused(run("train", "--resume", "one", "--set", f"train.epochs={epochs}"), 2, "E476")


def test_a_setting_that_hides_the_epochs_of_an_edited_spec_is_named(here: Path) -> None:
    run_json("train", "small.net", "--set", "train.epochs=2", "--run", "one")
    assert run("train", "--resume", "one").exit_code == 0
    spec = here / "one/small.net"
    spec.write_text(spec.read_text().replace("epochs 12", "epochs 70"))
    for words in ((), ("--force",)):
        done = run("train", "--resume", "one", *words)
        refused(done, 2, "E478")
        assert "--set train.epochs=70" in done.stderr


def test_another_batch_is_refused_also_with_force(here: Path) -> None:
    interrupted(here)
    spec = here / "one/small.net"
    spec.write_text(spec.read_text().replace("batch 16", "batch 7"))
    refused(run("train", "--resume", "one"), 2, "E468")
    before = {path: path.read_bytes() for path in (here / "one").rglob("*") if path.is_file()}
    refused(run("train", "--resume", "one", "--force"), 2, "E477")
    assert {path: path.read_bytes() for path in (here / "one").rglob("*") if path.is_file()} == before


def interrupted(here: Path) -> Path:
    """The folder `one`, of a run that says it was killed after its last epoch."""
    run_json("train", "small.net", "--run", "one")
    record = here / "one/run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "status": "running", "result": {}}))
    return record


def test_a_changed_spec_is_refused_with_what_differs_unless_forced(here: Path) -> None:
    interrupted(here)
    spec = here / "one/small.net"
    spec.write_text(spec.read_text().replace("epochs 12", "epochs 14").replace("rate=0.1", "rate=0.2"))
    done = run("train", "--resume", "one")
    refused(done, 2, "E468")
    assert "`train.epochs` was 12 and is 14" in done.stderr
    assert "`train.sgd.rate` was 0.1 and is 0.2" in done.stderr
    assert "`spec.small.net` has changed" in done.stderr
    assert run_json("train", "--resume", "one", "--force")["epochs"] == 14


@pytest.mark.parametrize("fact", ["target.lanes", "target.costs", "version.numba", "data.train", "train.sgd.rate"])
def test_anything_else_that_decides_the_bits_is_refused_too(here: Path, fact: str) -> None:
    record = interrupted(here)
    document = json.loads(record.read_text())
    assert fact in document["identity"]
    record.write_text(json.dumps({**document, "identity": {**document["identity"], fact: "another"}}))
    done = run("train", "--resume", "one")
    refused(done, 2, "E468")
    assert fact in done.stderr


def test_a_changed_net_cannot_be_forced(here: Path) -> None:
    interrupted(here)
    spec = here / "one/small.net"
    spec.write_text(spec.read_text().replace("conv 6", "conv 7"))
    refused(run("train", "--resume", "one", "--force"), 3, "E542")


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_used(here: Path) -> None:
    run_json("train", "small.net", "--run", "whole")
    run_json("train", "small.net", "--run", "one", "--checkpoint-every", "30")
    record = here / "one/run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "status": "running"}))
    newest = checkpoint_paths(here / "one")[0]
    newest.write_bytes(newest.read_bytes()[:-7])
    done = run("train", "--resume", "one")
    assert done.exit_code == 0
    assert "is damaged" in done.stderr
    assert same("whole", "one")


def test_what_was_asked_for_is_remembered_unless_it_is_asked_for_anew(here: Path) -> None:
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed (extra `tensorboard`)")
    asked = ("--checkpoint-every", "20", "--keep", "3", "--stats", "--strict", "--tensorboard")
    killed("small.net", "--run", "cut", *asked, number=2, moment=0)
    options = json.loads((here / "cut/run.json").read_text())["options"]
    assert options == {
        "saving": {"steps": 20, "seconds": None, "keep": 3},
        "statistics": True,
        "tensorboard": True,
        "strict": True,
    }
    first = {*(here / "cut").glob("events*")}
    killed("--resume", "cut", "--keep", "4", number=6, moment=0)
    assert [int(path.stem[5:]) % 20 for path in checkpoint_paths(here / "cut")] == [0, 0, 0, 0]
    assert len(first) == len({*(here / "cut").glob("events*")} - first) == 1
    run_json("train", "--resume", "cut", "--checkpoint-every", "30")
    kept = json.loads((here / "cut/run.json").read_text())["options"]
    assert kept == {**options, "saving": {"steps": 30, "seconds": None, "keep": 4}}
    assert len(checkpoint_paths(here / "cut")) == 4
    assert all(line["layers"] for line in lines("cut"))


@pytest.mark.parametrize(
    "words", [("small.net",), ("--run", "two"), ("--set", "train.seed=3"), ("--exact",), ("--data", "digits")]
)
def test_nothing_that_changes_the_run_stands_beside_resume(here: Path, words: tuple[str, ...]) -> None:
    refused(run("train", "--resume", "one", *words), 2, "E610")


@pytest.mark.parametrize("text", ["0", "10h", "ten", "-5", "1.5m", ""])
def test_a_wrong_interval_is_a_usage_error(here: Path, text: str) -> None:
    done = run("train", "small.net", "--run", "one", "--checkpoint-every", text)
    assert done.exit_code == 2
    assert "neither a number of steps" in done.stderr
    assert not (here / "one").exists()


FULL_DISK = """
import resource, sys
from netspec.__main__ import main
sys.dont_write_bytecode = True  # half a .pyc would break every later import
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
main()
"""


def test_a_full_disk_leaves_the_last_checkpoint_whole(here: Path) -> None:
    """The metrics outgrow the limit long after the first checkpoint, whose files stay below it."""
    (here / "small.net").write_text(SPEC.replace("EPOCHS", "120"))
    run_json("train", "small.net", "--run", "whole")
    words = ["train", "small.net", "--run", "cut", "--checkpoint-every", "100"]
    code = FULL_DISK.format(limit=20_000)
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "error[E540]" in done.stderr
    assert "--resume cut" in done.stderr
    assert json.loads((here / "cut/run.json").read_text())["status"] == "failed"
    assert progress() > 0
    run_json("train", "--resume", "cut")
    assert same("whole", "cut")


@pytest.fixture
def small_disk(here: Path) -> Iterator[Path]:
    """A disk of 200 KB; skips the test where none may be mounted."""
    disk = here / "disk"
    disk.mkdir()
    if mount("-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)):
        pytest.skip("a small disk (tmpfs) may not be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def mount(*words: str) -> int:
    """The exit status of `mount`, 127 where there is none."""
    try:
        return subprocess.run(["mount", *words], capture_output=True, check=False).returncode
    except OSError:
        return 127


def test_a_disk_that_runs_full_leaves_the_last_checkpoint_whole(here: Path, small_disk: Path) -> None:
    (here / "small.net").write_text(SPEC.replace("EPOCHS", "60"))
    run_json("train", "small.net", "--run", "whole")
    done = process("train", "small.net", "--run", small_disk / "cut", "--checkpoint-every", "5", "--keep", "1000")
    assert done.returncode == 3, done.stderr
    assert "error[E540]" in done.stderr
    assert "no space left" in done.stderr
    assert "--resume" in done.stderr
    assert "Traceback" not in done.stderr
    kept = checkpoint_paths(small_disk / "cut")[::-1]
    assert kept
    assert [read_checkpoint(path).position.step for path in kept] == [int(path.stem[5:]) for path in kept]
    assert mount("-o", "remount,size=20m", str(small_disk)) == 0
    run_json("train", "--resume", "disk/cut")
    assert same("whole", "disk/cut")


def test_a_run_that_is_being_trained_is_refused_to_others_until_its_process_dies(here: Path) -> None:
    (here / "small.net").write_text(SPEC.replace("EPOCHS", "4000").replace("patience=200", "patience=5000"))
    going = start("train", "small.net", "--run", "cut", "--checkpoint-every", "20")
    wait_until(going, lambda: progress() > 0)
    for words in (("train", "--resume", "cut"), ("train", "small.net", "--run", "cut", "--force")):
        done = run(*words)
        refused(done, 2, "E481")
        assert "`cut` is being trained right now" in done.stderr
    assert going.poll() is None
    kill(going)
    spec = here / "cut/small.net"
    spec.write_text(spec.read_text().replace("epochs 4000", "epochs 1"))
    for checkpoint in checkpoint_paths(Path("cut")):
        checkpoint.unlink()  # or it would have to go on where it stood
    assert run("train", "--resume", "cut", "--force").exit_code == 0


def test_a_class_that_has_come_into_the_folder_moves_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_greys(tmp_path / "photos")
    text = 'net n { input 1x8x8; dense 3 }\ndata "photos"\ntrain { sgd rate=0.1; batch 4; epochs 4 }\n'
    Path("n.net").write_text(text)
    for folder in ("one", "two"):
        run_json("train", "n.net", "--run", folder)
    change_status(tmp_path / "one", "interrupted")
    for part in ("train", "test"):
        Path("photos", part, "black").mkdir()
    run_json("train", "--resume", "one")
    assert same("one", "two")
    change_status(tmp_path / "one", "interrupted")
    write_greys(tmp_path / "photos", ("amber",))
    refused(run("train", "--resume", "one"), 2, "E468")
    refused(run("train", "--resume", "one", "--force"), 3, "E548")


def rename_class() -> None:
    for part in ("train", "test"):
        Path("photos", part, "dark").rename(Path("photos", part, "black"))


def rename_class_to_train_on() -> None:
    Path("photos/train/dark").rename("photos/train/black")


def draw_larger() -> None:
    for path in Path("photos").rglob("*.png"):
        Image.open(path).resize((9, 9)).save(path)


def take_images_away() -> None:
    for path in Path("photos/train").rglob("[1-9].png"):
        path.unlink()


@pytest.mark.parametrize(
    ("change", "told", "code"),
    [
        (rename_class, "the net does not know the class `black`", "E548"),
        (rename_class_to_train_on, "has a class `dark`, the training part has none of that name", "E511"),
        (draw_larger, "the images are 1x9x9, the net takes 1x8x8", "E513"),
        (take_images_away, "the training part holds 3 images", "E517"),
    ],
)
def test_data_that_have_changed_and_no_longer_fit_are_told_as_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[], None], told: str, code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_greys(tmp_path / "photos")
    Path("n.net").write_text('net n { input 1x8x8; dense 3 }\ndata "photos" take=9\ntrain { batch 4; epochs 1 }\n')
    run_json("train", "n.net", "--run", "one")
    change()
    for words, refusal in ((("reproduce", "one"), "E469"), (("train", "--resume", "one"), "E468")):
        if refusal == "E468":
            change_status(tmp_path / "one", "interrupted")
        done = run(*words)
        refused(done, 2, refusal)
        assert "the data no longer fit: " in done.stderr
        assert told in done.stderr
        assert "--force" not in done.stderr  # which would not help
        change_status(tmp_path / "one", "finished")
        assert run(*words, "--force").exit_code == 3
        assert f"error[{code}]" in run(*words, "--force").stderr
    spec = tmp_path / "one/n.net"
    spec.write_text(spec.read_text() + "# edited\n")
    change_status(tmp_path / "one", "interrupted")
    assert "`spec.n.net` has changed" in run("train", "--resume", "one").stderr


def change_status(folder: Path, status: str) -> None:
    record = folder / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "status": status}))
