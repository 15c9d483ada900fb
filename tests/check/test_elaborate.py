"""The checker as a whole: properties over random specs and texts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netspec.diagnostics.render import render
from netspec.diagnostics.text import Source
from netspec.frontend import examine
from netspec.ir.recipe import Experiment, Library
from netspec.ir.shapes import output_shapes
from netspec.ir.verify import verify
from tests.check.reading_specs import examined
from tests.profiles import thorough
from tests.strategies import broken_texts, valid_specs


@thorough
@given(valid_specs())
def test_a_valid_spec_is_checked_without_a_word_and_its_graph_verifies(text: str) -> None:
    experiment, report = examined(text)
    assert [f"{d.code} {d.message}" for d in report.diagnostics] == []
    verify(experiment.graph)
    for node in experiment.graph.nodes:
        expected = output_shapes(node.operation, tuple(value.shape for value in node.inputs), (node.outputs[0].shape,))
        assert expected == (node.outputs[0].shape,)


@thorough
@given(broken_texts() | st.text())
def test_any_text_gives_located_diagnostics_or_a_valid_net(text: str) -> None:
    checked, report = examine(Source("<text>", text))
    for diagnostic in report.sorted():
        assert 0 <= diagnostic.primary.span.start <= diagnostic.primary.span.end <= len(text)
        assert diagnostic.message
    assert render(report.sorted(), colour=False) is not None
    if not report.failed and isinstance(checked, Experiment):
        verify(checked.graph)
        assert all(size >= 1 for layer in checked.graph.layers for size in layer.output.shape)


@given(valid_specs())
def test_checking_twice_gives_the_same_graph(text: str) -> None:
    assert examined(text)[0] == examined(text)[0]


@given(valid_specs())
def test_tracing_changes_no_number(text: str) -> None:
    assert examined(text, traced=True)[0].graph == examined(text)[0].graph


def test_an_empty_file_is_a_library() -> None:
    assert examine(Source("<text>", ""))[0] == Library((), ())


def test_a_library_lists_its_blocks_and_lets_and_nothing_in_it_is_unused() -> None:
    checked, report = examine(Source("<text>", "let K = 5\nblock b(c) { conv c K }\n"))
    assert checked == Library(("b",), ("K",))
    assert report.diagnostics == []


START = "net n { input 1x8x8\n"
LONG_TEXTS = {
    "ten thousand layers": START + "\n".join(["conv 1 1"] * 9990) + "\ndense 2}",
    "a repeat of ten thousand layers": START + "repeat 9990 { conv 1 3x3 pad=1 relu }\ndense 2}",
    "a bomb": START + "repeat 1000000000 { relu }\ndense 2}",
    "nested bombs": START + "repeat 1000 { repeat 1000 { repeat 1000 {} } }\ndense 2}",
    "blocks that double": "block b0 { relu }\n"
    + "".join(f"block b{k} {{ b{k - 1}; b{k - 1} }}\n" for k in range(1, 60))
    + START
    + "b59; dense 2}",
    "a chain of blocks": "block b0 { relu }\n"
    + "".join(f"block b{k} {{ b{k - 1} }}\n" for k in range(1, 3000))
    + START
    + "b2999; dense 2}",
    "a chain of lets": "".join(f"let a{k} = a{k + 1}\n" for k in range(6000)) + "let a6000 = 2\n" + START + "dense a0}",
    "a ring of lets": "".join(f"let a{k} = a{(k + 1) % 6000}\n" for k in range(6000)),
    "unknown words": START + "\n".join(f"x{k}" for k in range(15000)) + "}",
    "wrong values": START + "\n".join(["dropout 2"] * 10000) + "}",
    "nested braces": START + "repeat 1 { " * 3000 + "relu" + " }" * 3000 + "\ndense 2}",
    "many branches": START + "sum " + "{}" * 30000 + "\ndense 2}",
    "a thousand flags": START + "dense 2" + " relu" * 15000 + "}",
    "many parameters": "block b(" + ",".join(f"p{k}" for k in range(12000)) + ") { relu }\n" + START + "b}",
    "a huge image": "net n { input 3x999999x999999; dense 2 }",
}


@pytest.mark.parametrize("what", LONG_TEXTS)
def test_no_text_within_the_limits_makes_the_checker_hang(what: str) -> None:
    began = time.process_time()
    examine(Source("<text>", LONG_TEXTS[what]))
    assert time.process_time() - began < 20
