"""`netspec bench` measures one thing at a time, and ignores nothing that it is told."""

import pytest

from netspec.cli.bench import TAKES, command
from tests.cli.harness import refused, run, run_json


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("lenet --layers --threads 2", "`--threads` does not go with `--layers`"),
        ("lenet --layers --against torch", "`--against` does not go with `--layers`"),
        ("lenet --layers --predict", "`--predict` does not go with `--layers`"),
        ("lenet --layers --rounds 3", "`--rounds` does not go with `--layers`"),
        ("lenet --layers --augment", "`--augment` does not go with `--layers`"),
        ("lenet --augment --threads 2", "`--threads` does not go with `--augment`"),
        ("lenet --augment --exact", "`--exact` does not go with `--augment`"),
        ("lenet --losses 3 --predict", "`--predict` does not go with `--losses`"),
        ("lenet --losses 3 --compile --against torch", "`--compile` does not go with `--losses`"),
        ("lenet --front-end", "`SPEC` does not go with `--front-end`"),
        ("--streaming --batch 3", "`--batch` does not go with `--streaming`"),
        ("lenet --compile", "`--compile` needs `--against`"),
        ("lenet --data-size 5G", "`--data-size` needs `--streaming`"),
    ],
)
def test_what_would_be_ignored_is_refused(words: str, message: str):
    done = run("bench", *words.split())
    refused(done, 2, "E610")
    assert message in done.stderr


def test_every_option_goes_with_something():
    taken = {name for kind, names in TAKES.items() for name in (kind, *names)}
    assert {parameter.name for parameter in command.params} <= taken | {"as_json", "spelled_format"}


def test_a_default_that_is_written_out_contradicts_nothing(tmp_path):
    (tmp_path / "n.net").write_text("net n { input 4; dense 3 }\n")
    measured = run_json("bench", tmp_path / "n.net", "--layers", "--threads", 1, "--rounds", 7, "--batch", 16)
    assert measured["batch"] == 16


def test_a_spec_is_needed():
    refused(run("bench", "--layers"), 2, "E620")
