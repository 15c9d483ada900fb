"""Texts to try, and short ways to read them."""

from __future__ import annotations

from netspec.diagnostics.message import Diagnostic, Report
from netspec.diagnostics.text import Source
from netspec.resources import bundled_specs
from netspec.syntax.format import format_network
from netspec.syntax.parse import parse
from netspec.syntax.tree import Argument, Network, Statement

LECTURE = """\
# The lecture's network: three tied layers, each followed by subsampling.
net lecture(D=32, K=5, S=2) {
    input 1 D D
    conv 3 K pad=same nobias sigmoid
    pool avg S
    dense (D*D) nobias
    dense 1 nobias
}
train { loss binary_cross_entropy; sgd rate=0.5 decay=1e-4; batch 32; epochs 20 }
"""
RESIDUAL = """\
use "blocks.net"
let K = (2*C - 1)
block basic(c, s=1) {                      # a residual block
    sum {
        conv c 3x3 stride=s pad=1 nobias
        batchnorm relu
    } {
        conv c 1x1 stride=s nobias init=normal(0.01)
    } relu as joined
    relu
}
net resnet {
    input 3x224x224
    basic(64, s=2); basic 128
    sum { batchnorm } {}
    dropout 0.5
}
data "images.gz" labels="labels.gz" validate=0.1 classes=(0 1) resize=32x32
augment { shift 2; scale 0.9..1.1; rotate -5..5 }
train {
    schedule step at=(30 60 80) factor=0.1
    sgd rate=5e-4
}
"""


def samples() -> tuple[str, ...]:
    """The built-in texts and all bundled specs, without mistakes."""
    return LECTURE, RESIDUAL, *(path.read_text(encoding="utf-8") for path in bundled_specs().values())


def read(text: str) -> tuple[Network, tuple[Diagnostic, ...]]:
    """The tree, and the mistakes in the order of the text."""
    report = Report()
    network = parse(Source("spec.net", text), report)
    return network, report.sorted()


def good(text: str) -> Network:
    """The tree of a text without mistakes."""
    network, mistakes = read(text)
    assert not mistakes, [f"{d.code} {d.message} at {d.primary.span.start}" for d in mistakes]
    return network


def codes(text: str) -> list[str]:
    """The codes of the mistakes, in the order of the text."""
    return [mistake.code for mistake in read(text)[1]]


def only(text: str) -> Diagnostic:
    """The one mistake of a text."""
    (mistake,) = read(text)[1]
    return mistake


def statement(text: str) -> Statement:
    """The one statement of a text without mistakes."""
    (found,) = good(text).statements
    return found


def arguments(text: str) -> tuple[Argument, ...]:
    """The arguments of a statement `a` that are written as `text`."""
    return statement(f"a {text}").arguments


def mended(text: str) -> str:
    """The text with every repair of its mistakes made."""
    repairs = [mistake.repair for mistake in read(text)[1]]
    for repair in sorted((r for r in repairs if r is not None), key=lambda r: r.span.start, reverse=True):
        text = text[: repair.span.start] + repair.text + text[repair.span.end :]
    return text


def understood(text: str) -> str:
    """The tree of a text with mistakes, in the canonical layout."""
    return format_network(read(text)[0])
