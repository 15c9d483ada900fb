"""How far an evaluation is, told where no line can be written over."""

import sys

import pytest

from netspec.cli.show import evaluation_progress
from netspec.cli.show.evaluation_progress import PARTS, EvaluationProgress
from tests.cli.harness import process


def told(capsys: pytest.CaptureFixture[str], seconds_a_call: float, images: int = 1000, step: int = 7) -> list[str]:
    """The lines of an evaluation that adds `step` images a call."""
    now = 0.0
    progress = EvaluationProgress(lambda: now)
    progress.begin("the test part", images)
    for done in range(step, images + step, step):
        now += seconds_a_call
        progress.tell("the test part", min(done, images), images)
    out, lines = capsys.readouterr()
    assert out == ""
    return lines.splitlines()


def test_a_long_evaluation_has_a_line_for_each_part_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    first, *lines = told(capsys, 2.0)
    assert first == "measuring the test part: 1,000 images"
    assert len(lines) == PARTS - 1
    assert lines[0] == "the test part: 105 of 1,000 images"
    counts = [int(line.split(": ")[1].split(" of")[0]) for line in lines]
    assert [count * PARTS // 1000 for count in counts] == list(range(1, PARTS))


def test_a_short_evaluation_has_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, 1e-4) == ["measuring the test part: 1,000 images"]
    assert len(told(capsys, 1e-4, images=1)) == 1


def test_a_terminal_has_one_line_that_is_written_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int]] = []
    monkeypatch.setattr(evaluation_progress, "data_progress", lambda *said: seen.append(said))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert told(capsys, 2.0, images=20, step=10) == []
    assert seen == [("the test part", 10, 20), ("the test part", 20, 20)]


def test_an_evaluation_says_on_a_pipe_what_it_measures(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "n.net").write_text(
        "net n { input 1x8x8; dense 10 }\ndata digits validate=0.5 take=200\ntrain { epochs 1 }\n"
    )
    monkeypatch.chdir(tmp_path)
    assert process("train", "n.net", "--run", "r", cwd=tmp_path).returncode == 0
    for words in ((), ("--json",)):
        done = process("evaluate", "r", *words, cwd=tmp_path)
        assert "measuring the validation part: 100 images\n" in done.stderr
        assert "measuring" not in done.stdout
