"""Files that use files."""

from __future__ import annotations

from pathlib import Path

from netspec.frontend import examine, read_source
from netspec.ir.recipe import Experiment


def check(folder: Path, **files: str) -> tuple[object, list[str]]:
    """What comes of `main.net` in a folder of these files, and the codes reported."""
    for name, text in files.items():
        (folder / f"{name}.net").write_text(text, encoding="utf-8")
    checked, report = examine(read_source(folder / "main.net"), root=folder)
    return checked, [d.code for d in report.diagnostics]


NET = "net n { input 1x8x8; stem 4; dense K }"


def test_use_brings_in_lets_and_blocks_and_a_block_keeps_the_lets_of_its_own_file(tmp_path: Path) -> None:
    library = (
        "let K = 3\nlet deep = 2\nblock stem(c) { repeat deep { conv c K pad=same } }\nnet other { input 3; dense 1 }"
    )
    checked, codes = check(tmp_path, main=f'use "library.net"\n{NET}', library=library)
    assert codes == []
    assert isinstance(checked, Experiment)
    assert [layer.name for layer in checked.graph.layers] == ["input", "stem1.conv1", "stem1.conv2", "dense1"]


def test_what_a_used_file_uses_is_not_passed_on(tmp_path: Path) -> None:
    files = {"one": 'use "two.net"\nblock stem(c) { inner c }', "two": "let K = 3\nblock inner(c) { conv c 1 }"}
    _, codes = check(tmp_path, main=f'use "one.net"\n{NET}', **files)
    assert codes == ["E208"]


def test_a_file_used_twice_is_read_once(tmp_path: Path) -> None:
    files = {"one": 'use "three.net"\nlet A = K', "two": 'use "three.net"\nlet B = K', "three": "let K = 3"}
    text = 'use "one.net"\nuse "two.net"\nnet n { input 4; dense (A+B) }'
    checked, codes = check(tmp_path, main=text, **files)
    assert codes == []
    assert isinstance(checked, Experiment)
    assert checked.graph.outputs[0].shape == (6,)


def test_files_may_not_use_each_other_in_a_cycle(tmp_path: Path) -> None:
    _, codes = check(tmp_path, main='use "one.net"', one='use "two.net"', two='use "main.net"')
    assert codes == ["E212"]
    _, codes = check(tmp_path, main='use "main.net"')
    assert codes == ["E212"]


def test_a_long_chain_of_files_is_refused_before_it_is_deep(tmp_path: Path) -> None:
    files = {f"f{k}": f'use "f{k + 1}.net"\n' for k in range(150)}
    _, codes = check(tmp_path, main='use "f0.net"', **files)
    assert codes == ["E308"]


def test_a_file_that_is_missing_or_outside_is_refused_where_it_is_named(tmp_path: Path) -> None:
    _, codes = check(tmp_path, main='use "missing.net"\nuse "../outside.net"\nuse 3\nuse "."')
    assert codes == ["E213", "E213", "E203", "E213"]
