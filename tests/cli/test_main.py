"""Commands are found by name and loaded alone, and every ending has its exit status."""

import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from netspec.cli import main
from netspec.cli.commands import specs
from netspec.diagnostics.failure import CompilerBug, DataError, DeviceError, DivergedError, UsageError
from tests.cli.harness import process, run

SUMMARIES = [(name, summary) for section in main.COMMANDS.values() for name, summary in section.items()]


@pytest.mark.parametrize(("name", "summary"), SUMMARIES)
def test_every_command_of_the_table_can_be_loaded(name: str, summary: str):
    command = import_module(f"netspec.cli.commands.{name}").command
    assert command.name == name
    assert command.help, "help is written"
    assert summary.endswith(".")


@pytest.mark.parametrize("name", main.NAMES)
def test_every_command_explains_itself(name: str):
    done = run(name, "--help")
    assert done.exit_code == 0
    assert f"netspec {name}" in done.stdout


def test_help_lists_every_command():
    said = run("--help").stdout
    assert all(f"  {name} " in said for name in main.NAMES)


def test_version_is_the_packages():
    assert run("--version").stdout == f"netspec {version('netspec')}\n"


def test_a_misspelt_command_gets_a_suggestion():
    done = run("chekc", "lenet")
    assert done.exit_code == 2
    assert "did you mean `check`?" in done.stderr


def test_an_unknown_command_gets_the_list():
    assert all(name in run("zzz").stderr for name in main.NAMES)


def test_an_unknown_option_is_a_usage_error():
    done = run("specs", "--no-such-option")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: no such option")
    assert "usage: netspec specs" in done.stderr


@pytest.mark.parametrize("words", [(), ("data",)])
def test_without_a_command_there_is_help(words: tuple[str, ...]):
    done = run(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.lower().startswith("usage: netspec")
    assert "error:" not in done.stderr


ENDINGS = [
    (UsageError("E602", "x"), 2),
    (DataError("E500", "x"), 3),
    (DeviceError("E590", "x"), 3),
    (DivergedError("E460", "x"), 4),
    (CompilerBug("value `a` is made twice\nconv1 = …"), 70),
    (RuntimeError("x"), 70),
    (KeyboardInterrupt(), 130),
    (main.Terminated(), 143),
    (MemoryError(), 3),
    (PermissionError(13, "Permission denied", "run"), 3),
    (OSError(28, "No space left on device"), 3),
]


@pytest.mark.parametrize(("raised", "status"), ENDINGS, ids=lambda x: type(x).__name__ if x is not int else str(x))
def test_every_ending_has_its_status(raised: BaseException, status: int, monkeypatch: pytest.MonkeyPatch):
    @click.command("specs")
    def failing() -> None:
        raise raised

    monkeypatch.setattr(specs, "command", failing)
    done = run("specs")
    assert done.exit_code == status
    assert done.stdout == ""
    assert done.stderr


def test_a_bug_says_what_to_report(monkeypatch: pytest.MonkeyPatch):
    @click.command("specs")
    def failing() -> None:
        raise CompilerBug("value `a` is made twice")

    monkeypatch.setattr(specs, "command", failing)
    said = run("specs").stderr
    assert "value `a` is made twice" in said
    assert version("netspec") in said
    assert "please report" in said
    assert "CompilerBug" in said


def test_python_runs_the_package():
    done = process("--version")
    assert (done.returncode, done.stdout) == (0, f"netspec {version('netspec')}\n")


def test_a_closed_pipe_is_no_error():
    words = [sys.executable, "-m", "netspec", "layers"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as going:
        assert going.stdout
        assert going.stderr
        going.stdout.close()
        assert going.stderr.read() == ""
    assert going.returncode == 0


def test_streams_may_be_closed_from_the_beginning():
    words = f"{sys.executable} -m netspec"
    assert subprocess.run(f"{words} specs >&- 2>&-", shell=True, check=False).returncode == 0
    assert subprocess.run(f"{words} count nowhere >&- 2>&-", shell=True, check=False).returncode == 2


def test_a_terminal_without_the_letters_gets_escapes():
    done = process("layers", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "\\u2026" in done.stdout


def test_a_command_loads_no_other():
    script = (
        "import sys; from netspec.cli.main import program; program.get_command(None, 'specs');"
        "print(*(name for name in sys.modules if name.startswith('netspec.cli.')))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "netspec.cli.commands.specs" in said.split()
    assert not {f"netspec.cli.commands.{name}" for name in main.NAMES if name != "specs"} & set(said.split())


def reading(fifo: Path) -> int:
    """Opens the other end once a process has begun to read, and returns it."""
    for _ in range(600):
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            time.sleep(0.05)
    raise AssertionError("nobody reads")


def stopped(going: subprocess.Popen[str], number: int) -> tuple[str, str]:
    """What a process says that gets a signal; again where the first came between its opening a file and its reading,
    when Python hears of it only after the reading."""
    for _ in range(6):
        going.send_signal(number)
        try:
            return going.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            pass
    raise AssertionError("the signal was not heard")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_command_says_so(number: int, status: int, tmp_path: Path):
    os.mkfifo(tmp_path / "slow.net")
    words = [sys.executable, "-m", "netspec", "check", str(tmp_path / "slow.net")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as going:
        other_end = reading(tmp_path / "slow.net")
        try:
            said = stopped(going, number)
        finally:
            os.close(other_end)
            going.kill()
    assert (going.returncode, said) == (status, ("", "stopped\n"))
