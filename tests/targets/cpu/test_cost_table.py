"""Tables of costs as JSON."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from netspec.diagnostics.failure import DataError
from netspec.targets.cpu.cost_table import costs_hash, costs_in_run, read_tuning, tuning_document, tuning_text
from netspec.targets.cpu.costs import SHIPPED

OTHER = replace(SHIPPED, winograd_input=321.5)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(tuning_text(OTHER, {"processor": "this one"}))
    assert read_tuning(tmp_path / "t.json") == OTHER
    assert [path.name for path in tmp_path.iterdir()] == ["t.json"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"costs": {"winograd_input": -1}}, r"t\.json:\d+: `winograd_input` is -1, where a number from 0"),
        ({"costs": {"winograd_input": "many"}}, r"`winograd_input` is \"many\""),
        ({"costs": {"winograd_input": float("nan")}}, "`winograd_input` is NaN"),
        ({"costs": {"winograd_input": float("inf")}}, "`winograd_input` is Infinity"),
        ({"costs": {"winograd_input": 10**400}}, "`winograd_input` is 1000"),
        ({"costs": {"winograd_input": True}}, "`winograd_input` is true"),
        ({"costs": {"speed": 1}}, "`speed` is no cost that this version knows"),
        ({"costs": None}, "`costs` must be an object"),
        ({"layout": 2}, "`layout` must be 1"),
    ],
)
def test_a_wrong_table_is_refused_at_its_place(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    document: dict[str, Any] = {"layout": 1, "costs": tuning_document(OTHER)["costs"]}  # type: ignore[index]
    for key, value in change.items():
        document[key] = {**document[key], **value} if isinstance(value, dict) else value
    (tmp_path / "t.json").write_text(json.dumps(document, indent=1))
    with pytest.raises(DataError, match=said) as refused:
        read_tuning(tmp_path / "t.json")
    assert refused.value.code == "E547"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"layout": 1,\n "costs" 3}', r"t\.json:2:10: expecting ':' delimiter"),
        (b"", r"t\.json:1:1: "),
        (b"[1]", "`layout` must be 1"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b" " * 2_000_000, "larger than 1,048,576 bytes"),
        (b'{"layout": ' + b"1" * 5_000 + b"}", "too many digits"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"layout": 1, "costs": {}}', "`costs` lacks `clearly`"),
        (None, "no such file"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_tuning(tmp_path / "t.json")


def test_a_run_keeps_its_table_with_its_hash() -> None:
    assert tuning_document(None) is None
    assert costs_in_run(None) is None
    kept = json.loads(json.dumps(tuning_document(OTHER)))
    assert costs_in_run(kept) == OTHER
    assert kept["hash"] == costs_hash(OTHER) != costs_hash(SHIPPED)
    kept["costs"]["clearly"] = 9
    with pytest.raises(ValueError, match="hash"):
        costs_in_run(kept)
