"""How a shape came about is told from what each flow remembers."""

from netspec.diagnostics.text import Source
from netspec.frontend import examine
from tests.turns import turns


def note_of(body: str) -> str:
    """The note of the first mistake of a net."""
    _, report = examine(Source("<test>", f"net n {{ {body} }}"))
    return report.sorted()[0].notes[0]


def test_layers_that_keep_the_size_are_left_out():
    body = "input 1x32x32; conv 1 3x3; relu; conv 1 3x3 pad=1; pool max 2; conv 1 40x40"
    assert note_of(body) == "height and width: 32 -> conv 30 -> pool 15"


def test_the_middle_of_a_long_way_is_left_out():
    body = "input 1x32x32; repeat 12 { conv 1 3x3 }; conv 1 40x40"
    sizes = " -> ".join(f"conv {size}" for size in range(20, 7, -2))
    assert note_of(body) == f"height and width: 32 -> conv 30 -> … -> {sizes}"


def test_a_pool_is_what_to_drop_even_where_a_convolution_stands_behind_it():
    _, report = examine(Source("<test>", "net n { input 1x32x32; pool max 2; conv 1 3x3; conv 1 40x40 }"))
    assert "drop a `pool`" in report.sorted()[0].helps[0]


def with_mistakes(number: int) -> Source:
    """So many layers, and behind all of them as many that do not fit."""
    layers = f"repeat {number} {{ conv 1 3x3 pad=1; pool max 2; upsample 2 }}; relu as deep"
    return Source("<test>", f"net n {{ input 1x8x8; {layers}{'; use deep; conv 1 9x9' * number} }}")


def test_eight_times_the_layers_and_mistakes_are_little_more_than_eight_times_the_work():
    few, many = with_mistakes(25), with_mistakes(200)
    assert turns(lambda: examine(many)) < 10 * turns(lambda: examine(few))
