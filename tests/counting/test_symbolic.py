"""Closed forms say what the count says, at every value of the net's parameters."""

import sys

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from netspec.counting.symbolic import symbolic_count
from netspec.counting.table import count
from netspec.diagnostics.failure import UsageError
from tests.counting.nets import graph

LECTURE = (
    "input 1 D D; conv 3 K pad=same nobias sigmoid; pool avg S; conv 3 K pad=same nobias sigmoid; pool avg S;"
    "conv 3 K pad=same nobias sigmoid; pool avg S; dense 1 nobias"
)
RIVAL = "input 1 D D; repeat 3 { dense (D*D) nobias sigmoid }; dense 1 nobias"


def test_the_lectures_network_has_its_closed_form():
    counted = symbolic_count(graph(LECTURE, traced=True, D=32, K=5, S=2))
    assert counted.parameters.text == "21*K**2 + 3*D**2/S**6"
    assert counted.parameters.value == "573"
    assert counted.parameters.exact
    assert counted.roundings == ()


def test_its_rival_has_its_closed_form():
    counted = symbolic_count(graph(RIVAL, traced=True, D=32))
    assert (counted.parameters.text, counted.parameters.value) == ("3*D**4 + D**2", "3146752")
    assert counted.macs.text == "3*D**4 + D**2"


def test_a_division_with_a_rest_is_told_with_its_layer():
    counted = symbolic_count(graph(LECTURE, traced=True, D=28, K=5, S=2))
    assert counted.parameters.text == "21*K**2 + 3*D**2/S**6"
    assert (counted.parameters.value, counted.parameters.count) == ("561.75", 552)
    assert not counted.parameters.exact
    assert [(r.layer, r.closed, r.shape) for r in counted.roundings] == [("pool3", ("3", "7/2", "7/2"), (3, 3, 3))]


def test_a_halved_padding_that_cancels_is_no_rounding():
    """`pad=same` of an even kernel divides an odd number by two, but the output's size is exact."""
    counted = symbolic_count(graph(LECTURE, traced=True, D=32, K=4, S=2))
    assert counted.roundings == ()
    assert counted.parameters.exact


def test_layers_have_forms_of_their_own():
    layers = symbolic_count(graph(LECTURE, traced=True, D=32, K=5, S=2)).layers
    assert [layer.parameters for layer in layers[1::2]] == ["3*K**2", "9*K**2", "9*K**2", "3*D**2/S**6"]
    assert layers[2].shape == ("3", "D/S", "D/S")
    assert layers[3].macs == "9*D**2*K**2/S**2"


def test_a_net_without_parameters_has_numbers():
    counted = symbolic_count(graph("input 1x8x8; conv 2 3x3; dense 3", traced=True))
    assert (counted.parameters.text, counted.parameters.value) == ("239", "239")


@settings(max_examples=10)
@given(d=st.integers(8, 40), k=st.integers(1, 5), c=st.integers(1, 9), s=st.integers(1, 3))
def test_a_form_that_claims_to_be_exact_tells_the_count(d: int, k: int, c: int, s: int):
    body = "input 1 D D; conv C K stride=S; batchnorm relu; conv (2*C) 1x1 pad=1; pool max 2; local 2 1x1; dense C"
    net = graph(body, traced=True, D=d, K=k, C=c, S=s)
    plain = count(graph(body, D=d, K=k, C=c, S=s))
    closed = symbolic_count(net)
    assert (closed.parameters.count, closed.macs.count) == (plain.parameters, plain.macs)
    if closed.roundings == ():
        assert closed.parameters.value == str(plain.parameters)
        assert closed.macs.value == str(plain.macs)


def test_without_sympy_the_message_has_the_install_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(UsageError) as raised:
        symbolic_count(graph("input 1 D D; dense 1", traced=True, D=4))
    assert raised.value.code == "E603"
    assert raised.value.helps == ("pip install 'netspec[symbolic]'",)


ELSEWHERE = {  # body, values that give the form, other values at which every division is exact too
    "the lecture": (LECTURE, {"D": 32, "K": 5, "S": 2}, {"D": 54, "K": 3, "S": 3}),
    "its rival": (RIVAL, {"D": 32}, {"D": 7}),
    "ceilings": (
        "input C D D; conv C 3x3 pad=1; pool max 3x3 stride=2 round=ceil; dense C",
        {"C": 2, "D": 9},
        {"C": 5, "D": 21},
    ),
    "strides that keep": (
        "input 1 D D; conv C K stride=2 pad=same; dense 3",
        {"C": 2, "D": 8, "K": 4},
        {"C": 3, "D": 16, "K": 6},
    ),
    "growing": (
        "input C 4x4; deconv C K stride=2; upsample U; conv 1 1x1",
        {"C": 2, "K": 2, "U": 2},
        {"C": 3, "K": 4, "U": 3},
    ),
    "groups": (
        "input C 8x8; conv (2*C) 3x3 groups=G; depthwise 3x3; maxout G; dense 2",
        {"C": 4, "G": 2},
        {"C": 9, "G": 3},
    ),
    "branches": (
        "input C 8x8; concat { conv C 1x1 } { conv (3*C) 3x3 pad=1 } {}; sum { conv (5*C) 1x1 } {}; local C 2x2",
        {"C": 2},
        {"C": 3},
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_form_holds_at_other_values_too(name: str):
    body, here, there = ELSEWHERE[name]
    closed = symbolic_count(graph(body, traced=True, **here))
    counted = count(graph(body, **there))
    assert sympy.sympify(closed.parameters.text, locals=symbols(there)).subs(there) == counted.parameters
    assert sympy.sympify(closed.macs.text, locals=symbols(there)).subs(there) == counted.macs


def symbols(names: dict[str, int]) -> dict[str, sympy.Symbol]:
    """`S` and `N` mean something else to SymPy."""
    return {name: sympy.Symbol(name) for name in names}


def test_parameters_that_set_no_size_are_told():
    counted = symbolic_count(graph("input C 4x4; repeat N { conv C 1x1 }; dropout 0.5", traced=True, C=3, N=2))
    assert counted.symbols == {"C"}
    assert counted.parameters.text == "2*C**2 + 2*C"
