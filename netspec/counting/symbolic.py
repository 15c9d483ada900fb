"""Closed forms of counts in the net's own parameters, by SymPy (extra `symbolic`).

The forms come from a traced graph: every size carries the arithmetic it came from (`ir/traced.py`). A closed form
assumes that every division is exact; where one is not, its value differs from the count, and the layer is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from netspec.counting.table import Count, LayerCount, count
from netspec.diagnostics.failure import UsageError
from netspec.ir.graph import Graph, Shape, Value
from netspec.ir.traced import Form, form_of, inexact_of

ASSUMPTION = "every division is assumed exact"

Expression = Any
"""A SymPy expression; SymPy is optional and its types say little."""


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """`21*K**2 + 3*D**2/S**6`: its text, its value at the net's arguments as text, and the exact count beside it."""

    text: str
    value: str
    count: int

    @property
    def exact(self) -> bool:
        """Whether the closed form tells the count."""
        return self.value == str(self.count)


@dataclass(frozen=True, slots=True)
class SymbolicLayer:
    """A layer's output shape, parameters and MACs as closed forms."""

    name: str
    kind: str
    shape: tuple[str, ...]
    parameters: str
    macs: str


@dataclass(frozen=True, slots=True)
class Rounding:
    """A layer whose division leaves a remainder: `pool3` makes 3 of the closed form's 7/2."""

    layer: str
    closed: tuple[str, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class SymbolicCount:
    """The closed forms of a net. `symbols` are those of its parameters that stand in one; the forms hold for the
    others' values alone (how often something is repeated is no size)."""

    name: str
    arguments: tuple[tuple[str, int | float], ...]
    symbols: frozenset[str]
    layers: tuple[SymbolicLayer, ...]
    parameters: ClosedForm
    macs: ClosedForm
    roundings: tuple[Rounding, ...]


def symbolic_count(graph: Graph) -> SymbolicCount:
    """Closed forms of a traced graph. Raises UsageError (E603) where SymPy is not installed."""
    forms = _Forms(graph.arguments)
    counted = count(graph)
    layers = tuple(_layer(row, forms) for row in counted.layers)
    return SymbolicCount(
        name=graph.name,
        arguments=graph.arguments,
        symbols=forms.used,
        layers=layers,
        parameters=_total((row.parameters for row in counted.layers), forms),
        macs=_total((row.macs for row in counted.layers), forms),
        roundings=tuple(_roundings(graph, counted, forms)),
    )


def _layer(row: LayerCount, forms: _Forms) -> SymbolicLayer:
    shape = tuple(forms.text(size) for size in row.shape)
    return SymbolicLayer(row.name, row.kind, shape, forms.text(row.parameters), forms.text(row.macs))


def _total(numbers: Iterable[int], forms: _Forms) -> ClosedForm:
    """The sum of the layers' forms; its terms stand in the order in which the layers bring them."""
    terms: dict[Expression, Expression] = {}
    total = 0
    for number in numbers:
        total += number
        for factor, rest in forms.terms(number):
            terms[rest] = terms.get(rest, 0) + factor
    value = sum(forms.value(factor * rest) for rest, factor in terms.items())
    return ClosedForm(_sum_text([factor * rest for rest, factor in terms.items() if factor]), _plain(value), int(total))


def _sum_text(terms: list[Expression]) -> str:
    text = " + ".join(str(term) for term in terms) or "0"
    return text.replace("+ -", "- ")


def _plain(value: Expression) -> str:
    """`573`, `561.75`"""
    return str(int(value)) if value == int(value) else f"{float(value):.10g}"


def _roundings(graph: Graph, counted: Count, forms: _Forms) -> Iterator[Rounding]:
    """Layers with a size that differs from its closed form by a division of their own."""
    for layer, row in zip(graph.layers, counted.layers, strict=True):
        before = _inexact(layer.inputs)
        after = _inexact((layer.output,))
        closed = tuple(str(forms.value(forms.expression(size))) for size in row.shape)
        if after - before and closed != tuple(str(int(size)) for size in row.shape):
            yield Rounding(row.name, closed, tuple(int(size) for size in row.shape))


def _inexact(values: Iterable[Value]) -> frozenset[Any]:
    return frozenset(division for value in values for size in value.shape for division in inexact_of(size))


class _Forms:
    """SymPy expressions of forms. A form is a graph as a tree: shared parts are made once."""

    def __init__(self, arguments: tuple[tuple[str, int | float], ...]) -> None:
        self._sympy = _sympy()
        self._symbols = {name: self._sympy.Symbol(name, integer=True, positive=True) for name, _ in arguments}
        self._values = {self._symbols[name]: self._sympy.nsimplify(value) for name, value in arguments}
        self._made: dict[int, tuple[Form, Expression]] = {}
        self._used: set[str] = set()

    @property
    def used(self) -> frozenset[str]:
        """The parameters that stand in a form made so far."""
        return frozenset(self._used)

    def text(self, number: int) -> str:
        """The closed form of one number."""
        return _sum_text([factor * rest for factor, rest in self.terms(number)])

    def terms(self, number: int) -> list[tuple[Expression, Expression]]:
        """The form as a sum: number and product of parameters of each term, the highest powers first."""
        expression = self.tidy(self.expression(number))
        return [term.as_coeff_Mul() for term in expression.as_ordered_terms() if term]

    def tidy(self, expression: Expression) -> Expression:
        """Multiplied out, with common factors cancelled where that makes it shorter."""
        plain = self._sympy.expand(expression)
        cancelled = self._sympy.expand(self._sympy.cancel(plain))
        return min(plain, cancelled, key=self._sympy.count_ops)

    def value(self, expression: Expression) -> Expression:
        """The expression's value at the net's arguments, a fraction."""
        return self._sympy.sympify(expression).subs(self._values)

    def expression(self, number: int) -> Expression:
        """Made bottom up on a stack of its own: the form of a deep net is deeper than Python may call."""
        root = form_of(number)
        stack = [root]
        while stack:
            form = stack[-1]
            missing = [part for part in _parts(form) if id(part) not in self._made]
            stack += missing
            if not missing:
                self._made[id(form)] = (form, self._make(form))
                stack.pop()
        return self._made[id(root)][1]

    def _make(self, form: Form) -> Expression:
        if isinstance(form, int):
            return self._sympy.Integer(form)
        if isinstance(form, str):
            self._used.add(form)
            return self._symbols[form]
        symbol, *parts = form
        left, right = (self._made[id(part)][1] for part in parts)
        return self._sympy.expand(OPERATORS[symbol](left, right))


def _parts(form: Form) -> tuple[Form, ...]:
    return form[1:] if isinstance(form, tuple) else ()


OPERATORS: Mapping[str, Callable[[Expression, Expression], Expression]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": lambda left, right: left % right,
}


def _sympy() -> Any:
    """The optional library, imported where it is needed."""
    try:
        return import_module("sympy")
    except ImportError:
        raise UsageError(
            "E603", "closed forms need SymPy, which is not installed", helps=("pip install 'netspec[symbolic]'",)
        ) from None
