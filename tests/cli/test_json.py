"""docs/json.md names exactly the keys that `--json` prints."""

import re
from pathlib import Path

import pytest

from tests.cli.harness import run_json

DOCUMENT = Path(__file__).parents[2] / "docs" / "json.md"


def documented(heading: str) -> set[str]:
    """The keys that a section's table lists, or that its first sentence does where it has none."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"(?m)^\| (`[^|]*`) \|", section)
    named = cells or [re.split(r"[:(]", section)[0]]
    return {key for cell in named for key in re.findall(r"`(\w+)`", cell)}


def documented_objects(heading: str, key: str) -> set[str]:
    """The keys of the objects that a table's row lists."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    row = re.search(rf"(?m)^\| `{key}` \| .*?objects with (.*) \|$", section)
    assert row
    return set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row[1])))


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("`count`", ("count", "digits")),
        ("`count --symbolic`", ("count", "lecture", "--symbolic")),
        ("`compile`", ("compile", "digits")),
        ("`data list`", ("data", "list")),
        ("`data fetch`", ("data", "fetch", "digits")),
        ("`data show`", ("data", "show", "digits", "--output", "sheet.png")),
        ("`gradcheck`", ("gradcheck", "lecture")),
        ("`scales`", ("scales", "digits", "--images", "2", "--scales", "1")),
        ("`cache`", ("cache",)),
        ("`doctor`", ("doctor",)),
        ("`specs`", ("specs",)),
        ("`layers`", ("layers",)),
    ],
)
def test_the_documented_keys_are_printed(
    heading: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert set(run_json(*words)) == documented(heading)


@pytest.mark.parametrize(
    ("heading", "key", "words"),
    [
        ("`count`", "layers", ("count", "digits")),
        ("`count --symbolic`", "layers", ("count", "lecture", "--symbolic")),
        ("`data list`", "datasets", ("data", "list")),
        ("`explain`", "sums", ("explain", "digits", "conv1")),
        ("`explain`", "rivals", ("explain", "digits", "conv1")),
    ],
)
def test_the_documented_objects_are_printed(heading: str, key: str, words: tuple[str, ...]):
    assert set(run_json(*words)[key][0]) == documented_objects(heading, key)


def test_a_layer_explained_is_its_row_with_sums():
    row = run_json("count", "digits")["layers"][1]
    assert set(run_json("explain", "digits", row["name"])) == set(row) | documented("`explain`")
