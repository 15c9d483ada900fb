"""Names that are no UTF-8, that hold control characters, quotes, line ends: kept to the byte, shown escaped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.harness import run, run_json

SPEC = """net shade { input 3x8x8; conv 2 3x3 relu; dense 3 }
data "pictures" validate=0.25
train { sgd rate=0.05; batch 8; epochs 1 }
"""
CLASSES = (b"a\xfc", b"b\x1b[2J\x9b", b"c\nerror[E999]: $\\frac$ :dog:")
ABOVE = b'od"d \xfe\x1b[31m\n$a$ '
LETTERS = "".join(map(chr, range(0x20))) + "".join(map(chr, range(0x7F, 0xA0)))


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of an odd name with a spec, and pictures of three classes with such names in two parts."""
    above = tmp_path / os.fsdecode(ABOVE)
    try:
        for part in ("train", "test"):
            for label, name in enumerate(CLASSES):
                folder = above / "pictures" / part / os.fsdecode(name)
                folder.mkdir(parents=True)
                for k in range(8):
                    shade = 20 + 90 * label + k
                    Image.new("RGB", (8, 8), (shade, shade, shade)).save(folder / os.fsdecode(b"\xff\x07%d.png" % k))
    except (OSError, UnicodeError):
        pytest.skip("the file system refuses such names")
    (above / "pictures" / "train" / os.fsdecode(CLASSES[0]) / os.fsdecode(b"no\xfd\x1b[1m.png")).write_text("no")
    (above / "shade.net").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return above


def said(*words: object) -> str:
    """All that a command prints, which must end well and hold nothing that moves a cursor."""
    done = run(*words)
    assert done.exit_code == 0, done.stderr
    text = done.stdout + done.stderr
    assert not set(text) & (set(LETTERS) - {"\n"}), ascii(text)
    assert "\nerror[E999]" not in text
    return text


@pytest.mark.parametrize("held", ["1G", "0"])
def test_a_folder_of_odd_names_is_trained_on_and_its_classes_keep_them(odd: Path, held: str) -> None:
    folder = odd / os.fsdecode(b"r\xfcn")
    text = said("train", odd / "shade.net", "--run", folder, "--data-memory", held)
    assert r"a\xfc/no\xfd␛[1m.png" in text
    assert "b␛[2J" not in text.split("skipped")[0]
    kept = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert list(map(os.fsencode, kept["classes"])) == sorted(CLASSES)
    assert os.fsencode(kept["data"]["source"]).endswith(ABOVE + b"/pictures")
    assert run("reproduce", folder).exit_code == 0
    assert "is finished" in said("train", "--resume", folder)


def test_every_command_takes_and_shows_odd_names(odd: Path) -> None:
    folder = odd / "run"
    said("train", odd / "shade.net", "--run", folder, "--set", f"data.test={odd}/pictures/test")
    picture = odd / "pictures" / "test" / os.fsdecode(CLASSES[1]) / os.fsdecode(b"\xff\x071.png")
    weights = folder / "weights.safetensors"
    assert r"a\xfc " in said("evaluate", folder, "--confusion", odd / "matrix.png")
    assert "c␊error[E999]" in said("evaluate", odd / "shade.net", "--weights", weights)
    assert r"\xff␇1.png: " in said("predict", folder, picture)
    assert r"\xff␇1.png" in said("filters", folder, "--image", picture, "--png", odd / "maps.png")
    assert "c␊error[E999]" in said("inside", folder, "dense1", "--steps", "1", "--png", odd / "inside")
    seen = said("inside", folder, "--image", picture, "--class", os.fsdecode(CLASSES[0]), "--png", odd / "inside")
    assert r"evidence for a\xfc" in seen
    assert "run " in said("runs", odd)
    assert "wrote" in said("plot", folder, "--png", odd / "curves.png")
    assert r"a\xfc " in said("data", "show", odd / "pictures", "--output", odd / "s.png")
    assert "no mistakes" in said("check", odd / "shade.net")
    assert "wrote" in said("new", odd / "mine.net")
    assert "wrote" in said("scales", odd / "shade.net", "--png", odd / "scales.png")


def test_json_keeps_odd_names_to_the_byte(odd: Path) -> None:
    folder = odd / "run"
    assert os.fsencode(run_json("train", odd / "shade.net", "--run", folder)["run"]) == os.fsencode(folder)
    shown = run_json("data", "show", odd / "pictures", "--output", odd / "s.png")
    assert tuple(map(os.fsencode, shown["class_names"])) == CLASSES
    classes = run_json("evaluate", folder)["classes"]
    assert tuple(os.fsencode(one["class"]) for one in classes) == CLASSES
    picture = odd / "pictures" / "test" / os.fsdecode(CLASSES[1]) / os.fsdecode(b"\xff\x071.png")
    (found,) = run_json("predict", folder, picture)["predictions"]
    assert os.fsencode(found["image"]) == os.fsencode(picture)
    assert os.fsencode(found["class"]) in CLASSES
    (listed,) = run_json("runs", folder)["runs"]
    assert os.fsencode(listed["data"]) == os.fsencode(odd / "pictures")


def test_data_may_lie_below_any_folder(odd: Path) -> None:
    plain = odd.parent / "shade.net"
    plain.write_text(SPEC)
    said("train", plain, "--data", odd / "pictures", "--run", "one")
    said("train", plain, "--set", f"data={odd}/pictures", "--run", "two")
    spec = Path("one/shade.net").read_text(encoding="utf-8")
    assert spec.startswith("# Run with --set $'data=/")
    assert spec.endswith(SPEC)
    assert all(line.isprintable() for line in spec.splitlines())
    assert run("evaluate", "two", "--data", odd / "pictures").exit_code == 0


def test_the_command_that_goes_on_can_be_copied_into_a_shell(odd: Path) -> None:
    """The first signal stops the training; bash then runs the line that was printed."""
    (odd / "shade.net").write_text(SPEC.replace("epochs 1", "epochs 3"))
    folder = odd / os.fsdecode(b"it's \xfc")
    stopper = (
        "import sys\n"
        "from netspec.cli import main\n"
        "from netspec.cli.commands import train\n"
        "from netspec.train.events import EpochDone\n"
        "class Display(train.Display):\n"
        "    def show(self, event):\n"
        "        super().show(event)\n"
        "        if isinstance(event, EpochDone): raise KeyboardInterrupt\n"
        "train.Display = Display\n"
        "main.program.main(sys.argv[1:])\n"
    )
    words = [sys.executable, "-c", stopper, "train", str(odd / "shade.net"), "--run", str(folder)]
    stopped = subprocess.run(words, capture_output=True, check=False)
    assert stopped.returncode == 130, stopped.stderr
    line = stopped.stderr.split(b"go on with: netspec ")[1].split(b"\n")[0].decode()
    assert line.isprintable()
    subprocess.run(["bash", "-c", f"{sys.executable} -m netspec {line}"], capture_output=True, check=True)
    assert json.loads((folder / "run.json").read_bytes())["status"] == "finished"
