"""A draft keeps steps in order, and knows which arrays they read."""

import numpy as np

from netspec.ir.graph import Value
from netspec.onnx_file.draft import Draft, Step


def test_only_arrays_that_are_read_are_kept() -> None:
    weight, unread = np.ones(3, np.float32), np.zeros(2, np.float32)
    draft = Draft({"a.weight": weight, "b.weight": unread})
    draft.constant("c/unread", unread)
    draft.add("Mul", ("x", "a.weight"), "a")
    draft.add("Add", ("a", draft.scalar("b/one", 1.0)), "b")
    assert list(draft.read_arrays()) == ["a.weight", "b/one"]
    assert [step.output for step in draft.steps] == ["a", "b"]


def test_a_reshape_keeps_the_number_of_images() -> None:
    draft = Draft({})
    assert draft.reshaped("x", "y", 3, -1) == "y"
    assert draft.steps == [Step("Reshape", ("x", "y/shape"), "y", {})]
    assert draft.constants["y/shape"].tolist() == [0, 3, -1]


def test_what_is_flat_is_left_as_it_is() -> None:
    draft = Draft({})
    assert draft.flat(Value("x", (4,)), "y") == "x"
    assert draft.steps == []
    assert draft.flat(Value("x", (4, 2, 3)), "y") == "y/flat"
    assert draft.constants["y/flat/shape"].tolist() == [0, 24]
